#ifndef ASSAY_TARGETS_CONTRACT_TARGET_SOCKETS_H_
#define ASSAY_TARGETS_CONTRACT_TARGET_SOCKETS_H_

#include <sys/types.h>

#include <vector>

#include "absl/status/statusor.h"

namespace assay::targets {

// Properties of a server's TCP sockets from the kernel, which a client cannot see.
struct TargetSockets {
  struct Listening {
    int backlog;  // Maximum number of connections waiting to be accepted.
  };
  struct Connected {
    bool tcp_nodelay;
  };

  std::vector<Listening> listening;
  std::vector<Connected> connected;
};

// The sockets of the given processes on a local port. A socket that several processes hold counts once.
// kPermissionDenied if the system does not allow access to another process (pidfd_getfd).
absl::StatusOr<TargetSockets> FindTargetSockets(const std::vector<pid_t>& pids, int port);

}  // namespace assay::targets

#endif  // ASSAY_TARGETS_CONTRACT_TARGET_SOCKETS_H_

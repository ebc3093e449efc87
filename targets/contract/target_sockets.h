#ifndef ASSAY_TARGETS_CONTRACT_TARGET_SOCKETS_H_
#define ASSAY_TARGETS_CONTRACT_TARGET_SOCKETS_H_

#include <sys/types.h>

#include <vector>

#include "absl/status/statusor.h"

namespace assay::targets {

// What the kernel knows of the TCP sockets of a server, which no client can see.
struct TargetSockets {
  struct Listening {
    int backlog;  // Connections that may wait.
  };
  struct Connected {
    bool tcp_nodelay;
  };

  std::vector<Listening> listening;
  std::vector<Connected> connected;
};

// Those of the given processes on a local port; one that several processes hold counts once.
// kPermissionDenied: this system lets nobody look into another process (pidfd_getfd).
absl::StatusOr<TargetSockets> FindTargetSockets(const std::vector<pid_t>& pids, int port);

}  // namespace assay::targets

#endif  // ASSAY_TARGETS_CONTRACT_TARGET_SOCKETS_H_

#ifndef ASSAY_AGENT_SERVICE_CONNECTIONS_H_
#define ASSAY_AGENT_SERVICE_CONNECTIONS_H_

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "common/unique_fd.h"

namespace assay::agent {

// The connections that a server has accepted, and the choice of those to close: a host that opens connections and sends
// nothing must not keep other hosts out.
//
// A connection is silent until it has carried a call. A connection that has carried a call has completed its TLS
// handshake with an accepted certificate. If there are too many connections from one host, its oldest silent connection
// is shut down; if there are too many in total, the oldest one of the host with the most silent connections. If none is
// silent, the new connection is refused.
//
// The descriptors belong to gRPC, which may close them at any time. Each is identified by the inode of its socket, so
// that a descriptor number in use by another file is never touched.
//
// Threads: any. Cost: Admit() makes one system call per open connection.
class Connections {
 public:
  struct Limits {
    size_t most = 256;
    size_t most_from_one_host = 128;
    // Longest time that a connection may be silent.
    int64_t silence_ns = 30'000'000'000;
    // Limits that use at most a quarter of this process's descriptor limit.
    static Limits OfThisProcess();
  };

  explicit Connections(Limits limits);

  // Returns whether the connection is admitted. Call it before gRPC gets the descriptor.
  bool Admit(int fd, int64_t now_ns);
  // Records a call from this peer, in gRPC's format: "ipv4:10.0.0.1:4711", "ipv6:%5B::1%5D:4711".
  void MarkUsed(std::string_view peer);
  // Shuts down the connections that were silent for too long. Returns when the next one is due; nullopt if none is
  // silent.
  std::optional<int64_t> EndSilent(int64_t now_ns);
  // Shuts down one silent connection, so that gRPC frees its descriptor.
  void MakeRoom();

  // Number of open connections.
  size_t Count();

 private:
  struct Connection {
    int fd = -1;
    ino_t inode = 0;
    std::string host;
    // As in MarkUsed(), without escapes.
    std::string peer;
    int64_t accepted_ns = 0;
    bool used = false;
  };

  void ForgetGone() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Shuts down the oldest silent connection of `host`; nullptr: of the host with the most silent connections. Returns
  // false if there is none.
  bool EndOldestSilent(const std::string* host) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void End(const Connection& connection) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const Limits limits_;
  absl::Mutex mutex_;
  // In the order of acceptance.
  std::vector<Connection> connections_ ABSL_GUARDED_BY(mutex_);
  // A connection's descriptor is duplicated into copy_ to shut it down, so that this needs no free descriptor. Between
  // uses, copy_ is a duplicate of null_.
  const UniqueFd null_;
  UniqueFd copy_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace assay::agent

#endif  // ASSAY_AGENT_SERVICE_CONNECTIONS_H_

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

// The connections that a server has accepted, and which of them have to go: a host that opens connections and says
// nothing must not keep others out.
//
// A connection is silent until a call has come over it: then its TLS handshake is over and its certificate was
// accepted. Where there are too many, in all or from one host, a silent one makes room: the oldest, of the host that
// has most of them. Where none is silent, the new one is refused.
//
// The descriptors belong to gRPC, which closes them when it likes; they are told apart by their sockets' inodes, so that
// a number that was used again is never touched.
//
// Threads: any. Cost: a system call a connection for each that is admitted.
class Connections {
 public:
  struct Limits {
    size_t most = 256;
    size_t most_from_one_host = 128;
    // How long one may be silent.
    int64_t silence_ns = 30'000'000'000;
    // Those that fit into this process's limit of descriptors: at most a quarter of it.
    static Limits OfThisProcess();
  };

  explicit Connections(Limits limits);

  // Whether the connection may stay. To be called before gRPC gets the descriptor.
  bool Admit(int fd, int64_t now_ns);
  // A call has come from this peer, in gRPC's words: "ipv4:10.0.0.1:4711", "ipv6:%5B::1%5D:4711".
  void MarkUsed(std::string_view peer);
  // Ends those that were silent for too long. When the next of them is due; none where all are used.
  std::optional<int64_t> EndSilent(int64_t now_ns);
  // Ends one silent connection, so that its descriptor comes free.
  void MakeRoom();

  // How many there are now.
  size_t Count();

 private:
  struct Connection {
    int fd = -1;
    ino_t inode = 0;
    std::string host;
    // As MarkUsed() has it, without escapes.
    std::string peer;
    int64_t accepted_ns = 0;
    bool used = false;
  };

  void ForgetGone() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Of `host`, or of the host that has most; false: there is none.
  bool EndOldestSilent(const std::string* host) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void End(const Connection& connection) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const Limits limits_;
  absl::Mutex mutex_;
  // In the order of their coming.
  std::vector<Connection> connections_ ABSL_GUARDED_BY(mutex_);
  // A descriptor into which others are copied, so that ending one takes no free descriptor, and what it holds between.
  const UniqueFd null_;
  UniqueFd copy_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace assay::agent

#endif  // ASSAY_AGENT_SERVICE_CONNECTIONS_H_

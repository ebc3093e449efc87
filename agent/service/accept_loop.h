#ifndef ASSAY_AGENT_SERVICE_ACCEPT_LOOP_H_
#define ASSAY_AGENT_SERVICE_ACCEPT_LOOP_H_

#include <functional>
#include <memory>
#include <thread>

#include "absl/status/statusor.h"
#include "agent/service/connections.h"
#include "common/unique_fd.h"

namespace assay::agent {

// Accepts connections until it is destroyed. The listener of gRPC 1.51 stops at the first error of accept(), such as a
// temporary lack of descriptors, and its server accepts no connection after that. This loop refuses the connection and
// continues.
//
// Threads: one of its own, blocked in poll() while no connection arrives.
class AcceptLoop {
 public:
  // Receives each connection that `connections` admits: nonblocking, close-on-exec. Called on the loop's thread.
  using Take = std::function<void(UniqueFd connection)>;

  // `listener` listens and is nonblocking. `connections` must outlive this. kResourceExhausted: no thread or no
  // descriptor is available.
  static absl::StatusOr<std::unique_ptr<AcceptLoop>> Start(UniqueFd listener,
                                                           Connections& connections, Take take);
  // Stops accepting. Returns when no call of `take` is running.
  ~AcceptLoop();

 private:
  AcceptLoop(UniqueFd listener, UniqueFd wake, UniqueFd reserve, Connections& connections,
             Take take);

  void Run();
  // Accepts all pending connections. False: the system has no resources to accept one; the loop must pause.
  bool AcceptAll();
  // For a process without a free descriptor: accepts the pending connection with the reserve descriptor. The connection
  // is refused, unless another descriptor has become free in the meantime.
  enum class WithReserve { kAccepted, kNoneWaits, kFailed };
  WithReserve AcceptWithReserve();

  const UniqueFd listener_;
  // Readable when the loop must end.
  const UniqueFd wake_;
  UniqueFd reserve_;
  Connections& connections_;
  const Take take_;
  std::thread thread_;
};

}  // namespace assay::agent

#endif  // ASSAY_AGENT_SERVICE_ACCEPT_LOOP_H_

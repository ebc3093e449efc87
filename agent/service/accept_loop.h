#ifndef ASSAY_AGENT_SERVICE_ACCEPT_LOOP_H_
#define ASSAY_AGENT_SERVICE_ACCEPT_LOOP_H_

#include <functional>
#include <memory>
#include <thread>

#include "absl/status/statusor.h"
#include "agent/service/connections.h"
#include "common/unique_fd.h"

namespace assay::agent {

// Accepts connections, for ever. The listener of gRPC 1.51 stops at the first error of accept(), such as a moment
// without a free descriptor, and its server is deaf from then on. This one refuses what it cannot take and goes on.
//
// Threads: one of its own, blocked in poll() while nobody comes.
class AcceptLoop {
 public:
  // Gets each connection that `connections` admits: nonblocking, closed on exec. Called on the loop's thread.
  using Take = std::function<void(UniqueFd connection)>;

  // `listener` listens and is nonblocking; `connections` must outlive this. kResourceExhausted: no thread, no
  // descriptor.
  static absl::StatusOr<std::unique_ptr<AcceptLoop>> Start(UniqueFd listener,
                                                           Connections& connections, Take take);
  // Takes no more, and returns when none is being taken.
  ~AcceptLoop();

 private:
  AcceptLoop(UniqueFd listener, UniqueFd wake, UniqueFd reserve, Connections& connections,
             Take take);

  void Run();
  // Accepts what waits. False: it must pause, since the system has nothing to accept with.
  bool AcceptAll();
  // Without a free descriptor: accepts the connection that waits with the descriptor in reserve. It is refused, unless
  // another descriptor has come free in the meantime.
  enum class WithReserve { kAccepted, kNoneWaits, kFailed };
  WithReserve AcceptWithReserve();

  const UniqueFd listener_;
  // Readable: end.
  const UniqueFd wake_;
  UniqueFd reserve_;
  Connections& connections_;
  const Take take_;
  std::thread thread_;
};

}  // namespace assay::agent

#endif  // ASSAY_AGENT_SERVICE_ACCEPT_LOOP_H_

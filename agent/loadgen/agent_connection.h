#ifndef ASSAY_AGENT_LOADGEN_AGENT_CONNECTION_H_
#define ASSAY_AGENT_LOADGEN_AGENT_CONNECTION_H_

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "agent/load_protocol/control.pb.h"
#include "agent/load_protocol/control_socket.h"
#include "agent/loadgen/idle_gaps.h"
#include "agent/loadgen/load_result.h"

namespace assay::loadgen {

// The load generator's end of agent/load_protocol/control.proto. Threads: the main thread's.
class AgentConnection {
 public:
  // Takes the descriptor over; it is closed with the link. kInvalidArgument when it is not a SOCK_SEQPACKET socket.
  static absl::StatusOr<AgentConnection> Open(int fd);

  int fd() const { return socket_.fd(); }
  // Waits for the first message. kUnavailable: the agent is gone. kDataLoss: it is another one.
  absl::StatusOr<Configure> AwaitConfigure();
  // The next message, without waiting: nothing when there is none. kUnavailable: the agent is gone.
  absl::StatusOr<std::optional<ToLoadgen>> Receive();

  absl::Status SendReady(int connections, const IdleGapFigures& idle_gaps,
                         const std::string& actual_cpus);
  absl::Status SendStarted(int64_t lateness_ns);
  // Seconds, then Finished.
  absl::Status SendResult(const LoadResult& result);
  absl::Status SendFailed(Failure::Kind kind, const std::string& message);

 private:
  explicit AgentConnection(ControlSocket socket) : socket_(std::move(socket)) {}
  absl::Status Send(const FromLoadgen& message);

  ControlSocket socket_;
};

}  // namespace assay::loadgen

#endif  // ASSAY_AGENT_LOADGEN_AGENT_CONNECTION_H_

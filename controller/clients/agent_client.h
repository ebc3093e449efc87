#ifndef ASSAY_CONTROLLER_CLIENTS_AGENT_CLIENT_H_
#define ASSAY_CONTROLLER_CLIENTS_AGENT_CLIENT_H_

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/monotonic_clock.h"
#include "proto/agent.pb.h"

// gRPC's headers are large: agent_connection.h has what needs them.
namespace grpc {
class ClientContext;
class Status;
}  // namespace grpc

namespace assay::controller {

// Paths of the PEM files for mutual TLS between the controller and the agents, as the user typed them. Either all three
// are set or none.
struct TlsFiles {
  std::string ca;
  std::string certificate;
  std::string key;
};

// An estimate of one agent's monotonic clock.
struct ClockEstimate {
  // The agent's clock minus the controller's clock.
  int64_t offset_ns = 0;
  // The error of offset_ns is at most this: half of the smallest round trip.
  int64_t uncertainty_ns = 0;
};

// A client of one agent. The gRPC channel reconnects by itself.
//
// Threads: safe to call from any thread.
// Errors: keep the gRPC code and name the agent's address. An agent that does not run is UNAVAILABLE.
class AgentClient {
 public:
  // The gRPC channel and its stub (agent_connection.h).
  struct Connection;

  // Does not connect yet. INVALID_ARGUMENT if `address` is not HOST:PORT or [V6]:PORT, or if a TLS
  // file cannot be read. `clock` measures the timeouts and leases of this agent; it must outlive the client.
  static absl::StatusOr<std::unique_ptr<AgentClient>> Create(const std::string& address,
                                                             const TlsFiles& tls,
                                                             Clock& clock = Clock::Real());
  ~AgentClient();

  // Asks the agent for its description. UNAVAILABLE if nothing listens at the address, DEADLINE_EXCEEDED if no response
  // arrives within `timeout`.
  absl::StatusOr<AgentDescription> Describe(absl::Duration timeout);

  // Sends `rounds` pings and uses the one with the smallest round trip.
  absl::StatusOr<ClockEstimate> EstimateClock(int rounds);

  // Makes running and later calls of Describe() and EstimateClock() fail with CANCELLED.
  void Abandon() ABSL_LOCKS_EXCLUDED(mutex_);

  Clock& clock() const { return clock_; }
  const std::string& address() const { return address_; }
  // The HOST of the address, without brackets.
  std::string host() const;
  Connection& connection() { return *connection_; }

  // Turns a gRPC status into an error with the same code. Its message has the agent's address, `what` failed, the
  // agent's own message, and what to do.
  absl::Status Explain(const grpc::Status& status, std::string_view what) const;

 private:
  AgentClient(std::string address, std::unique_ptr<Connection> connection, Clock& clock);

  // Makes one call, which Abandon() cancels.
  grpc::Status Call(absl::Duration timeout,
                    absl::FunctionRef<grpc::Status(grpc::ClientContext*)> call)
      ABSL_LOCKS_EXCLUDED(mutex_);

  Clock& clock_;
  const std::string address_;
  const std::unique_ptr<Connection> connection_;
  absl::Mutex mutex_;
  bool abandoned_ ABSL_GUARDED_BY(mutex_) = false;
  std::set<grpc::ClientContext*> calls_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_CLIENTS_AGENT_CLIENT_H_

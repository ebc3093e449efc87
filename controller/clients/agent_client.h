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
#include "grpcpp/channel.h"
#include "grpcpp/client_context.h"
#include "proto/agent.grpc.pb.h"
#include "proto/agent.pb.h"

namespace assay::controller {

// Files of the mutual TLS between controller and agents, as the user wrote their paths; all three or none. PEM.
struct TlsFiles {
  std::string ca;
  std::string certificate;
  std::string key;
};

// One agent's monotonic clock, as seen from here.
struct ClockEstimate {
  // The agent's clock minus ours.
  int64_t offset_ns = 0;
  // The truth is within this of it: half the smallest round trip.
  int64_t uncertainty_ns = 0;
};

// The call fails with DEADLINE_EXCEEDED after that time. gRPC's own timers run in real time, whatever the Clock.
void SetTimeout(grpc::ClientContext& context, absl::Duration timeout);

// A way to one agent. Threads: any; gRPC's channel connects again by itself.
//
// Errors name the agent's address, and keep the gRPC code: a dead agent is UNAVAILABLE.
class AgentClient {
 public:
  // Does not connect yet. INVALID_ARGUMENT where address is not HOST:PORT or [V6]:PORT, or a TLS
  // file cannot be read. `clock` measures what waits for this agent; it must outlive the client.
  static absl::StatusOr<std::unique_ptr<AgentClient>> Create(const std::string& address,
                                                             const TlsFiles& tls,
                                                             Clock& clock = Clock::Real());

  // What the agent is. UNAVAILABLE where nobody listens, DEADLINE_EXCEEDED after `timeout` where nothing answers.
  absl::StatusOr<AgentDescription> Describe(absl::Duration timeout);

  // `rounds` pings; the one with the smallest round trip counts.
  absl::StatusOr<ClockEstimate> EstimateClock(int rounds);

  // Ends Describe() and EstimateClock(), now and later, with CANCELLED.
  void Abandon() ABSL_LOCKS_EXCLUDED(mutex_);

  Clock& clock() const { return clock_; }
  const std::string& address() const { return address_; }
  // HOST of the address, without brackets.
  std::string host() const;
  Agent::Stub& stub() { return *stub_; }

  // `what` failed at this agent: the same code, with its address and words in the message.
  absl::Status Explain(const grpc::Status& status, std::string_view what) const;

 private:
  AgentClient(std::string address, std::shared_ptr<grpc::Channel> channel, Clock& clock);

  // Makes one call that Abandon() ends.
  grpc::Status Call(absl::Duration timeout,
                    absl::FunctionRef<grpc::Status(grpc::ClientContext*)> call)
      ABSL_LOCKS_EXCLUDED(mutex_);

  Clock& clock_;
  const std::string address_;
  const std::shared_ptr<grpc::Channel> channel_;
  const std::unique_ptr<Agent::Stub> stub_;
  absl::Mutex mutex_;
  bool abandoned_ ABSL_GUARDED_BY(mutex_) = false;
  std::set<grpc::ClientContext*> calls_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_CLIENTS_AGENT_CLIENT_H_

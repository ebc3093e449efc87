#ifndef ASSAY_CONTROLLER_CLIENTS_AGENT_CONNECTION_H_
#define ASSAY_CONTROLLER_CLIENTS_AGENT_CONNECTION_H_

#include <memory>
#include <utility>

#include "absl/time/time.h"
#include "controller/clients/agent_client.h"
#include "grpcpp/channel.h"
#include "grpcpp/client_context.h"
#include "proto/agent.grpc.pb.h"

namespace assay::controller {

// The calls of an agent, for the clients of this package.
struct AgentClient::Connection {
  explicit Connection(std::shared_ptr<grpc::Channel> to)
      : channel(std::move(to)), stub(Agent::NewStub(channel)) {}

  const std::shared_ptr<grpc::Channel> channel;
  const std::unique_ptr<Agent::Stub> stub;
};

// Makes the call fail with DEADLINE_EXCEEDED after `timeout`. gRPC's timers always run in real time, whatever Clock the
// client uses.
void SetTimeout(grpc::ClientContext& context, absl::Duration timeout);

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_CLIENTS_AGENT_CONNECTION_H_

#include "agent/service/confirmation.h"

#include <chrono>

#include "absl/status/status.h"
#include "grpcpp/client_context.h"
#include "grpcpp/create_channel.h"
#include "proto/agent.grpc.pb.h"
#include "proto/agent.pb.h"

namespace assay {

absl::StatusOr<bool> AskForConfirmation(
    const std::shared_ptr<grpc::ChannelCredentials>& credentials, const std::string& agent,
    const std::string& execution_id, const std::string& destination) {
  const std::unique_ptr<Agent::Stub> stub = Agent::NewStub(grpc::CreateChannel(agent, credentials));
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(5));
  ConfirmDestinationRequest request;
  request.set_execution_id(execution_id);
  request.set_destination(destination);
  ConfirmDestinationReply reply;
  const grpc::Status status = stub->ConfirmDestination(&context, request, &reply);
  if (!status.ok()) {
    return absl::Status(static_cast<absl::StatusCode>(status.error_code()), status.error_message());
  }
  return reply.confirmed();
}

}  // namespace assay

#include "agent/service/confirmation.h"

#include <chrono>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "common/status_macros.h"
#include "grpcpp/client_context.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/support/channel_arguments.h"
#include "proto/agent.grpc.pb.h"
#include "proto/agent.pb.h"

namespace assay::agent {

absl::StatusOr<bool> AskForConfirmation(
    const std::shared_ptr<grpc::ChannelCredentials>& credentials,
    const DestinationRules::Question& question) {
  ASSAY_ASSIGN_OR_RETURN(const IpAddress address, IpAddress::Parse(question.agent.host));
  grpc::ChannelArguments arguments;
  // With http_proxy, the request would go to the proxy, and its response would have to be trusted.
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  // Do not reuse a connection of another request.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  // RFC 6066, 3: a name is sent without its trailing dot, and certificates have none.
  const absl::string_view name = question.agent_name;
  arguments.SetSslTargetNameOverride(std::string(absl::StripSuffix(name, ".")));
  const std::string target =
      absl::StrCat(address.IsV4() ? "ipv4:" : "ipv6:", question.agent.ToString());
  const std::unique_ptr<Agent::Stub> stub =
      Agent::NewStub(grpc::CreateCustomChannel(target, credentials, arguments));
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(5));
  ConfirmDestinationRequest request;
  request.set_execution_id(question.execution_id);
  request.set_destination(question.destination.ToString());
  ConfirmDestinationReply reply;
  const grpc::Status status = stub->ConfirmDestination(&context, request, &reply);
  if (!status.ok()) {
    return absl::Status(static_cast<absl::StatusCode>(status.error_code()), status.error_message());
  }
  return reply.confirmed();
}

}  // namespace assay::agent

#include "agent/service/agent_server.h"

#include <chrono>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "common/status_macros.h"
#include "grpcpp/server_builder.h"

namespace assay {
namespace {

// A peer that vanishes without a word is noticed within these two together. Slow enough not to be seen in a window.
constexpr int kKeepaliveMs = 20'000;
constexpr int kKeepaliveTimeoutMs = 10'000;
// Controllers may look after us as often as this.
constexpr int kShortestPeerPingMs = 1'000;
constexpr std::chrono::seconds kShutdownPatience(2);

void SetUp(grpc::ServerBuilder& builder) {
  // A second agent on the same port is a mistake to be told, not half of the connections.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveMs);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepaliveTimeoutMs);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS,
                             kShortestPeerPingMs);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
}

}  // namespace

AgentServer::AgentServer(std::unique_ptr<grpc::Server> server, std::string address)
    : server_(std::move(server)), address_(std::move(address)) {}

absl::StatusOr<std::unique_ptr<AgentServer>> AgentServer::Start(
    const HostPort& listen, const std::shared_ptr<grpc::ServerCredentials>& credentials,
    AgentService& service) {
  ASSAY_ASSIGN_OR_RETURN(const std::vector<IpAddress> addresses, IpAddress::Resolve(listen.host));
  // gRPC says only that it failed.
  ASSAY_RETURN_IF_ERROR(CanListen(addresses.front().ToString(), listen.port));
  grpc::ServerBuilder builder;
  SetUp(builder);
  int port = 0;
  builder.AddListeningPort(HostPort{addresses.front().ToString(), listen.port}.ToString(),
                           credentials, &port);
  builder.RegisterService(&service);
  std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr || port == 0) {
    return absl::UnavailableError(absl::StrCat(
        "cannot listen on ", listen.ToString(),
        ": the certificate and the key may not belong together, or the port was taken just now"));
  }
  return std::unique_ptr<AgentServer>(new AgentServer(
      std::move(server), HostPort{listen.host, static_cast<uint16_t>(port)}.ToString()));
}

void AgentServer::Shutdown() {
  if (server_ == nullptr) return;
  server_->Shutdown(std::chrono::system_clock::now() + kShutdownPatience);
  server_->Wait();
  server_.reset();
}

}  // namespace assay

#include "agent/service/agent_server.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "common/file.h"
#include "common/status_macros.h"
#include "common/unique_fd.h"
#include "grpcpp/generic/async_generic_service.h"
#include "grpcpp/server_builder.h"

namespace assay::agent {
namespace {

// The server detects a peer that has vanished within the sum of these two. They are long enough not to affect a
// measured window.
constexpr int kKeepaliveMs = 20'000;
constexpr int kKeepaliveTimeoutMs = 10'000;
// Controllers may send keepalive pings at this interval.
constexpr int kShortestPeerPingMs = 1'000;
constexpr std::chrono::seconds kShutdownTimeout(2);

constexpr int kMostStreams = 128;
constexpr int kIdleMs = 600'000;

// Socket options that connections inherit from the listener.
void SetUp(int listener) {
  const int one = 1;
  setsockopt(listener, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  const int timeout_ms = kKeepaliveMs + kKeepaliveTimeoutMs;
  setsockopt(listener, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout_ms, sizeof timeout_ms);
}

absl::StatusOr<uint16_t> PortOf(int listener) {
  sockaddr_storage name{};
  socklen_t size = sizeof name;
  if (getsockname(listener, reinterpret_cast<sockaddr*>(&name), &size) != 0) {
    return ErrnoStatus(errno, "cannot read the port of the listening socket");
  }
  // The port is at the same offset in both address families.
  sockaddr_in v4{};
  memcpy(&v4, &name, sizeof v4);
  return ntohs(v4.sin_port);
}

void SetUp(grpc::ServerBuilder& builder) {
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, kMostStreams);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_IDLE_MS, kIdleMs);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveMs);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepaliveTimeoutMs);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS,
                             kShortestPeerPingMs);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
}

// If gRPC cannot use the credentials of an acceptor, it drops them without an error, and the server starts but serves
// nobody. For a port of its own, gRPC reports the failure; so this opens a port and closes it at once.
absl::Status TryCredentials(const IpAddress& address,
                            const std::shared_ptr<grpc::ServerCredentials>& credentials) {
  grpc::CallbackGenericService nothing;
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort(HostPort{address.ToString(), 0}.ToString(), credentials, &port);
  builder.RegisterCallbackGenericService(&nothing);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server != nullptr) server->Shutdown();
  if (server == nullptr || port == 0) {
    return absl::UnavailableError(
        "--tls-cert and --tls-key do not match, or one of them is not PEM");
  }
  return absl::OkStatus();
}

}  // namespace

AgentServer::AgentServer(std::unique_ptr<grpc::Server> server, std::unique_ptr<Acceptor> acceptor,
                         std::string address)
    : server_(std::move(server)), acceptor_(std::move(acceptor)), address_(std::move(address)) {}

absl::StatusOr<std::unique_ptr<AgentServer>> AgentServer::Start(
    const HostPort& listen, const std::shared_ptr<grpc::ServerCredentials>& credentials,
    AgentService& service) {
  ASSAY_ASSIGN_OR_RETURN(const std::vector<IpAddress> addresses, IpAddress::Resolve(listen.host));
  ASSAY_ASSIGN_OR_RETURN(UniqueFd listener, ListenOn(addresses.front().ToString(), listen.port));
  const absl::Status usable = TryCredentials(addresses.front(), credentials);
  if (!usable.ok()) {
    return absl::UnavailableError(
        absl::StrCat("cannot serve at ", listen.ToString(), ": ", usable.message()));
  }
  SetUp(listener.get());
  ASSAY_ASSIGN_OR_RETURN(const uint16_t port, PortOf(listener.get()));
  grpc::ServerBuilder builder;
  SetUp(builder);
  std::unique_ptr<Acceptor> acceptor = builder.experimental().AddExternalConnectionAcceptor(
      grpc::ServerBuilder::experimental_type::ExternalConnectionType::FROM_FD, credentials);
  builder.RegisterService(&service);
  std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr) {
    return absl::UnavailableError(absl::StrCat("cannot serve at ", listen.ToString()));
  }
  std::unique_ptr<AgentServer> started(new AgentServer(std::move(server), std::move(acceptor),
                                                       HostPort{listen.host, port}.ToString()));
  const int listener_fd = listener.get();
  ASSAY_ASSIGN_OR_RETURN(
      started->accepting_,
      AcceptLoop::Start(std::move(listener), service.connections(),
                        [raw = started->acceptor_.get(), listener_fd](UniqueFd connection) {
                          Acceptor::NewConnectionParameters parameters;
                          parameters.listener_fd = listener_fd;
                          parameters.fd = connection.release();
                          raw->HandleNewConnection(&parameters);
                        }));
  return started;
}

void AgentServer::Shutdown() {
  accepting_.reset();
  if (server_ == nullptr) return;
  server_->Shutdown(std::chrono::system_clock::now() + kShutdownTimeout);
  server_->Wait();
  server_.reset();
}

}  // namespace assay::agent

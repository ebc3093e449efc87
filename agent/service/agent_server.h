#ifndef ASSAY_AGENT_SERVICE_AGENT_SERVER_H_
#define ASSAY_AGENT_SERVICE_AGENT_SERVER_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "agent/jobs/address.h"
#include "agent/service/accept_loop.h"
#include "agent/service/agent_service.h"
#include "grpcpp/security/server_credentials.h"
#include "grpcpp/server.h"
#include "grpcpp/server_builder.h"

namespace assay::agent {

// The listening server of an AgentService.
//
// It accepts connections itself and passes them to gRPC, so that neither a lack of descriptors nor silent peers prevent
// new connections. A connection has at most 128 concurrent streams and is closed after 10 minutes without any.
class AgentServer {
 public:
  // Listens at `listen`. Its host may be a name; port 0 picks a free port. `service` must outlive the server.
  // kAlreadyExists: the port is in use.
  static absl::StatusOr<std::unique_ptr<AgentServer>> Start(
      const HostPort& listen, const std::shared_ptr<grpc::ServerCredentials>& credentials,
      AgentService& service);
  ~AgentServer() { Shutdown(); }

  // "HOST:PORT" with the port in use.
  const std::string& address() const { return address_; }

  // Ends every call in progress. Returns when all calls have ended.
  void Shutdown();

 private:
  using Acceptor = grpc::experimental::ExternalConnectionAcceptor;

  AgentServer(std::unique_ptr<grpc::Server> server, std::unique_ptr<Acceptor> acceptor,
              std::string address);

  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<Acceptor> acceptor_;
  std::string address_;
  // Last, so that it is destroyed first: it passes connections to the members above.
  std::unique_ptr<AcceptLoop> accepting_;
};

}  // namespace assay::agent

#endif  // ASSAY_AGENT_SERVICE_AGENT_SERVER_H_

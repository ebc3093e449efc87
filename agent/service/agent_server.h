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

// An agent's service, listening.
//
// It accepts connections itself and hands them to gRPC, so that neither a lack of descriptors nor silent peers make it
// deaf; a connection has at most 128 streams at a time, and is closed after 10 minutes without any.
class AgentServer {
 public:
  // Listens at `listen`, whose host may be a name; port 0 picks one. `service` must outlive it. kAlreadyExists: the
  // port is in use.
  static absl::StatusOr<std::unique_ptr<AgentServer>> Start(
      const HostPort& listen, const std::shared_ptr<grpc::ServerCredentials>& credentials,
      AgentService& service);
  ~AgentServer() { Shutdown(); }

  // "HOST:PORT" with the port in use.
  const std::string& address() const { return address_; }

  // Ends every call that is under way, and returns when all are over.
  void Shutdown();

 private:
  using Acceptor = grpc::experimental::ExternalConnectionAcceptor;

  AgentServer(std::unique_ptr<grpc::Server> server, std::unique_ptr<Acceptor> acceptor,
              std::string address);

  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<Acceptor> acceptor_;
  std::string address_;
  // Last: it is destroyed first, since it gives to the others.
  std::unique_ptr<AcceptLoop> accepting_;
};

}  // namespace assay::agent

#endif  // ASSAY_AGENT_SERVICE_AGENT_SERVER_H_

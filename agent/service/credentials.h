#ifndef ASSAY_AGENT_SERVICE_CREDENTIALS_H_
#define ASSAY_AGENT_SERVICE_CREDENTIALS_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "grpcpp/security/credentials.h"
#include "grpcpp/security/server_credentials.h"

namespace assay::agent {

// PEM files for mutual TLS: all three are set, or none.
struct TlsPaths {
  std::string ca;
  std::string certificate;
  std::string key;

  bool given() const { return !ca.empty(); }
};

// The credentials of an agent as a server, and as a client of other agents.
struct Credentials {
  // With TLS, the server rejects clients without a certificate of the same CA.
  std::shared_ptr<grpc::ServerCredentials> server;
  std::shared_ptr<grpc::ChannelCredentials> client;
};

// Reads the files. Errors name the path and the problem.
absl::StatusOr<Credentials> ReadCredentials(const TlsPaths& paths);

}  // namespace assay::agent

#endif  // ASSAY_AGENT_SERVICE_CREDENTIALS_H_

#ifndef ASSAY_AGENT_SERVICE_CREDENTIALS_H_
#define ASSAY_AGENT_SERVICE_CREDENTIALS_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "grpcpp/security/credentials.h"
#include "grpcpp/security/server_credentials.h"

namespace assay::agent {

// Files of mutual TLS, PEM: all three, or none.
struct TlsPaths {
  std::string ca;
  std::string certificate;
  std::string key;

  bool given() const { return !ca.empty(); }
};

// How an agent is spoken to, and speaks to other agents.
struct Credentials {
  // With TLS, a client without a certificate of the same CA is turned away.
  std::shared_ptr<grpc::ServerCredentials> server;
  std::shared_ptr<grpc::ChannelCredentials> client;
};

// Reads the files. Errors name the path and what is wrong with it.
absl::StatusOr<Credentials> ReadCredentials(const TlsPaths& paths);

}  // namespace assay::agent

#endif  // ASSAY_AGENT_SERVICE_CREDENTIALS_H_

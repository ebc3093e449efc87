#include "agent/service/credentials.h"

#include "common/pem_file.h"
#include "common/status_macros.h"

namespace assay::agent {

absl::StatusOr<Credentials> ReadCredentials(const TlsPaths& paths) {
  if (!paths.given()) {
    return Credentials{grpc::InsecureServerCredentials(), grpc::InsecureChannelCredentials()};
  }
  ASSAY_ASSIGN_OR_RETURN(const std::string ca, ReadPemFile("--tls-ca", paths.ca, "CERTIFICATE"));
  ASSAY_ASSIGN_OR_RETURN(const std::string certificate,
                         ReadPemFile("--tls-cert", paths.certificate, "CERTIFICATE"));
  ASSAY_ASSIGN_OR_RETURN(const std::string key, ReadPemFile("--tls-key", paths.key, "PRIVATE KEY"));
  grpc::SslServerCredentialsOptions server(
      GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  server.pem_root_certs = ca;
  server.pem_key_cert_pairs.push_back({key, certificate});
  grpc::SslCredentialsOptions client;
  client.pem_root_certs = ca;
  client.pem_private_key = key;
  client.pem_cert_chain = certificate;
  return Credentials{grpc::SslServerCredentials(server), grpc::SslCredentials(client)};
}

}  // namespace assay::agent

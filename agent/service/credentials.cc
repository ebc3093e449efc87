#include "agent/service/credentials.h"

#include <string_view>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "common/file.h"
#include "common/status_macros.h"

namespace assay {
namespace {

// gRPC takes anything and refuses every connection later.
absl::StatusOr<std::string> ReadPem(const std::string& path, const char* flag) {
  ASSAY_ASSIGN_OR_RETURN(std::string pem, ReadFile(path));
  if (pem.find("-----BEGIN ") == std::string::npos) {
    return absl::InvalidArgumentError(absl::StrCat(flag, "=", path, " is not a PEM file"));
  }
  return pem;
}

}  // namespace

absl::StatusOr<Credentials> ReadCredentials(const TlsPaths& paths) {
  if (!paths.given()) {
    return Credentials{grpc::InsecureServerCredentials(), grpc::InsecureChannelCredentials()};
  }
  ASSAY_ASSIGN_OR_RETURN(const std::string ca, ReadPem(paths.ca, "--tls-ca"));
  ASSAY_ASSIGN_OR_RETURN(const std::string certificate, ReadPem(paths.certificate, "--tls-cert"));
  ASSAY_ASSIGN_OR_RETURN(const std::string key, ReadPem(paths.key, "--tls-key"));
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

}  // namespace assay

#ifndef ASSAY_AGENT_VERIFY_HTTP_EXCHANGE_H_
#define ASSAY_AGENT_VERIFY_HTTP_EXCHANGE_H_

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "agent/verify/endpoint_contract.h"

namespace assay::agent {

// One request, sent unchanged, as a load generator sends it. The only further header fields are Host and, if there is a
// body, Content-Length.
struct HttpRequest {
  std::string method = "GET";
  // Sent unchanged, never normalised.
  std::string target = "/";
  // A Host field here replaces the default one.
  std::vector<std::pair<std::string, std::string>> headers;
  // Not set: no body and no Content-Length.
  std::optional<std::string> body;
};

// The transport of a request.
struct HttpTransport {
  // Use TLS; the certificate is not checked.
  bool tls = false;
  // Use HTTP/2: negotiated by ALPN over TLS, else with prior knowledge.
  bool http2 = false;
  // The name to send as SNI. Empty: the address's host.
  std::string tls_server_name;
};

// Sends `request` to `address` ("HOST:PORT", "[V6]:PORT") on a new connection, and reads the whole response. Never uses
// a proxy, redirects or cookies, regardless of the environment.
//
// Blocks for at most `timeout`. Any thread. kUnavailable: no complete response arrived; the message says why.
// kDeadlineExceeded: the timeout expired. kResourceExhausted: the response is longer than 64 MiB, or its head longer
// than 1 MiB. Memory: at most 1.5 times these sizes.
absl::StatusOr<ContractReply> Exchange(const std::string& address, const HttpRequest& request,
                                       absl::Duration timeout, const HttpTransport& transport = {});

}  // namespace assay::agent

#endif  // ASSAY_AGENT_VERIFY_HTTP_EXCHANGE_H_

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

// One request, sent as it stands: besides these header fields only Host, and Content-Length where
// there is a body, go out, as a load generator sends it.
struct HttpRequest {
  std::string method = "GET";
  // Sent as it is, never normalised.
  std::string target = "/";
  // A Host among them replaces the usual one.
  std::vector<std::pair<std::string, std::string>> headers;
  // Not set: no body and no Content-Length.
  std::optional<std::string> body;
};

// What carries a request.
struct HttpTransport {
  // Whoever's certificate it is.
  bool tls = false;
  // Agreed upon by ALPN over TLS, else with prior knowledge.
  bool http2 = false;
  // Sent as SNI in place of the address's host; empty: that.
  std::string tls_server_name;
};

// Sends `request` to `address` ("HOST:PORT", "[V6]:PORT") on a connection of its own, and reads the response whole. No
// proxy, no redirects, no cookies, whatever the environment says.
//
// Blocks, at most `timeout`. Any thread. kUnavailable: no whole response came, and why;
// kDeadlineExceeded: not in time; kResourceExhausted: the response is longer than 64 MiB,
// or its head than 1 MiB. Memory: at most one and a half times that.
absl::StatusOr<ContractReply> Exchange(const std::string& address, const HttpRequest& request,
                                       absl::Duration timeout, const HttpTransport& transport = {});

}  // namespace assay::agent

#endif  // ASSAY_AGENT_VERIFY_HTTP_EXCHANGE_H_

#ifndef ASSAY_AGENT_VERIFY_ENDPOINT_CONTRACT_H_
#define ASSAY_AGENT_VERIFY_ENDPOINT_CONTRACT_H_

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/types/span.h"

namespace assay::agent {

// Longest body that a contract server accepts by default, and longest output of /zlib/decompress.
inline constexpr size_t kContractBodyLimit = size_t{16} << 20;

// A request as the server sees it.
struct ContractRequest {
  std::string method = "GET";
  // Path and query: "/cpu?n=10000".
  std::string target;
  std::string body;
  // Content-Type of the body; empty if there is none.
  std::string content_type;
};

// A response as a client sees it: without chunked encoding and without the connection's own header fields.
struct ContractReply {
  int status = 0;
  // The whole value of the field.
  std::string content_type;
  // The Allow field of a 405; empty otherwise.
  std::string allow;
  std::string body;
};

// The correct response to a request: a status, a media type, and a rule for the body.
struct RightResponse {
  enum class Body {
    // Exactly `body`.
    kEqual,
    // JSON whose bytes equal `body`, except for the case of hexadecimal digits in \u escapes.
    kJson,
    // One complete zlib stream that inflates to `body`, with nothing after it.
    kInflatesTo,
    // A JSON object with a string "error".
    kError,
    // Any body.
    kAny,
  };

  int status = 200;
  // Type and subtype, compared without case and without parameters. Empty: not checked.
  std::string media_type;
  Body rule = Body::kAny;
  std::string body;
  // Methods that a 405 must allow.
  std::vector<std::string> allow;
};

// The response that the endpoint contract (docs/endpoints.md) requires for a request. It is computed here by
// independent, straightforward code, for comparison with a server's response. Nullopt: the path is not in the contract.
//
// Deterministic; no I/O. Cost: that of the requested work, at most what a server spends on it.
std::optional<RightResponse> ContractResponse(const ContractRequest& request);

// The requests of the contract as "METHOD /path", in the order of the documentation.
absl::Span<const std::string_view> ContractRequests();

// The difference between `reply` and `right`, for people: a line that names the field (status, Content-Type, Allow,
// body) and, for a body, the first byte that differs with its context in both. Empty: the reply is correct.
std::string Difference(const RightResponse& right, const ContractReply& reply);

}  // namespace assay::agent

#endif  // ASSAY_AGENT_VERIFY_ENDPOINT_CONTRACT_H_

#ifndef ASSAY_AGENT_VERIFY_ENDPOINT_CONTRACT_H_
#define ASSAY_AGENT_VERIFY_ENDPOINT_CONTRACT_H_

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/types/span.h"

namespace assay::agent {

// Longest body that a contract server takes by default, and longest output of /zlib/decompress.
inline constexpr size_t kContractBodyLimit = size_t{16} << 20;

// A request as its server sees it.
struct ContractRequest {
  std::string method = "GET";
  // Path and query: "/cpu?n=10000".
  std::string target;
  std::string body;
  // Of the body; empty where there is none.
  std::string content_type;
};

// A response as a client sees it: dechunked, its connection's own header fields left aside.
struct ContractReply {
  int status = 0;
  // The field's whole value.
  std::string content_type;
  // Of a 405; empty otherwise.
  std::string allow;
  std::string body;
};

// What is right for one request: a status, a media type, and a rule for the body.
struct RightResponse {
  enum class Body {
    // Exactly `body`.
    kEqual,
    // JSON whose bytes are `body`, but for the case of hexadecimal digits in \u escapes.
    kJson,
    // Something in zlib format that inflates to `body`, whole and with nothing behind it.
    kInflatesTo,
    // A JSON object with a string "error".
    kError,
    // Whatever.
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

// The endpoint contract (docs/endpoints.md): the response to a request, worked out here by
// straightforward code of its own, for comparison with what a server says. Nullopt: the path is not
// of the contract.
//
// Deterministic; no I/O. Cost: as the request asks, so at most what a server would spend on it.
std::optional<RightResponse> ContractResponse(const ContractRequest& request);

// The requests of the contract as "METHOD /path", in the order of the documentation.
absl::Span<const std::string_view> ContractRequests();

// What of `reply` is not right, for people: a line that says which job (status, Content-Type,
// Allow, body), and for a body the first byte that differs with what stands around it on both
// sides. Empty: it is right.
std::string Difference(const RightResponse& right, const ContractReply& reply);

}  // namespace assay::agent

#endif  // ASSAY_AGENT_VERIFY_ENDPOINT_CONTRACT_H_

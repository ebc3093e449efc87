#ifndef ASSAY_AGENT_VERIFY_ENDPOINT_WORK_H_
#define ASSAY_AGENT_VERIFY_ENDPOINT_WORK_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace assay::agent {

// Reference implementations of the endpoints that compute. They share no code with the servers under test, whose
// responses are compared with theirs. docs/endpoints.md defines each endpoint.

// POST /json. Nullopt: the server must reject the body.
std::optional<std::string> ItemsResponse(std::string_view body);

// Whether `body` is a JSON object with a string "error", the response to a rejected POST /json.
bool IsErrorObject(std::string_view body);

// POST /zlib/decompress. kInvalidArgument: `compressed` is not exactly one complete and valid zlib stream.
// kResourceExhausted: it inflates to more than `max_bytes`.
absl::StatusOr<std::string> Inflate(std::string_view compressed, size_t max_bytes);

// POST /zlib/compress. REQUIRES: 0 <= level <= 9.
std::string Deflate(std::string_view bytes, int level);

struct CollatzChain {
  int64_t start = 0;
  int64_t steps = 0;
};

// GET /cpu: the longest chain that starts below n; of equally long chains, the one with the smallest start. Unlike the
// servers, which must not, it keeps a table of two bytes per start.
//
// REQUIRES: 2 <= n <= 10,000,000.
CollatzChain LongestCollatzChain(int64_t n);

}  // namespace assay::agent

#endif  // ASSAY_AGENT_VERIFY_ENDPOINT_WORK_H_

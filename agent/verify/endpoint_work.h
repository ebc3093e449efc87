#ifndef ASSAY_AGENT_VERIFY_ENDPOINT_WORK_H_
#define ASSAY_AGENT_VERIFY_ENDPOINT_WORK_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace assay::agent {

// The work behind the endpoints that compute, by code that shares nothing with the servers under
// test: it is what they are held against. docs/endpoints.md says what each has to do.

// POST /json. Nullopt: the body is one that must be refused.
std::optional<std::string> ItemsResponse(std::string_view body);

// Whether `body` is a JSON object with a string "error": what a refused POST /json is answered
// with.
bool IsErrorObject(std::string_view body);

// POST /zlib/decompress. kInvalidArgument: not exactly one zlib stream, whole and sound.
// kResourceExhausted: it would inflate to more than `max_bytes`.
absl::StatusOr<std::string> Inflate(std::string_view compressed, size_t max_bytes);

// POST /zlib/compress. REQUIRES: 0 <= level <= 9.
std::string Deflate(std::string_view bytes, int level);

struct CollatzChain {
  int64_t start = 0;
  int64_t steps = 0;
};

// GET /cpu: the longest chain that starts below n; of equally long ones the smallest start. Unlike
// the servers, which must not, it keeps a table: two bytes for each start.
//
// REQUIRES: 2 <= n <= 10,000,000.
CollatzChain LongestCollatzChain(int64_t n);

}  // namespace assay::agent

#endif  // ASSAY_AGENT_VERIFY_ENDPOINT_WORK_H_

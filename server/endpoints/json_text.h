#ifndef ASSAY_SERVER_ENDPOINTS_JSON_TEXT_H_
#define ASSAY_SERVER_ENDPOINTS_JSON_TEXT_H_

#include <cstdint>
#include <string>
#include <string_view>

namespace assay::server {

// JSON written straight into a string, as serde does for a struct.
//
// simdjson reads (and nlohmann_json, if a body is invalid), but neither writes. To serialise the 27 bytes of GET /json,
// nlohmann_json takes 5,000 instructions (a map node, six allocations, a 512-byte indentation). That is twice the cost
// of HTTP for that request, and would dominate a comparison of servers.

// Appends `text` as a JSON string with its quotes. Escapes only what RFC 8259, 7 demands: the quote, the backslash and
// control characters, as \b \f \n \r \t where that form exists and as \u00xx otherwise. REQUIRES: `text` is UTF-8.
void AppendJsonString(std::string_view text, std::string& json);

void AppendJsonNumber(int64_t number, std::string& json);

}  // namespace assay::server

#endif  // ASSAY_SERVER_ENDPOINTS_JSON_TEXT_H_

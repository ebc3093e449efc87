#ifndef ASSAY_COMMON_HTTP_FIELD_H_
#define ASSAY_COMMON_HTTP_FIELD_H_

#include <cstddef>
#include <string_view>

#include "absl/status/status.h"

namespace assay {

// What a request's head may hold: one set of rules for plans, agents and the load generator. The path's is
// CheckRequestTarget() in common/http_url.h.

// A request has at most this many header fields of the user's, and this many bytes in their names and values together:
// they are passed on as arguments of a program.
inline constexpr int kMostHeaders = 100;
inline constexpr size_t kMostHeaderBytes = size_t{64} << 10;

// A token of RFC 9110, 5.6.2.
bool IsToken(std::string_view text);

// kInvalidArgument for what is no method, and for CONNECT, which opens a tunnel.
absl::Status CheckMethod(std::string_view method);

// kInvalidArgument for what is no header name.
absl::Status CheckHeaderName(std::string_view name);
// kInvalidArgument for a value that would end its line early.
absl::Status CheckHeaderValue(std::string_view value);
// kInvalidArgument for more header fields than kMostHeaders, or more bytes than kMostHeaderBytes.
absl::Status CheckHeaderSize(int headers, size_t bytes);

// Whether HTTP/2 has that header, in whatever case (RFC 9113, 8.2.2).
bool IsHeaderOfHttp2(std::string_view name);

}  // namespace assay

#endif  // ASSAY_COMMON_HTTP_FIELD_H_

#ifndef ASSAY_COMMON_HTTP_FIELD_H_
#define ASSAY_COMMON_HTTP_FIELD_H_

#include <cstddef>
#include <string_view>

#include "absl/status/status.h"

namespace assay {

// The rules for a request's head, shared by plans, agents and the load generator. CheckRequestTarget() in
// common/http_url.h checks the path.

// Limits of the header fields that a user may add to a request: their number, and the bytes of their names and values
// together. They are passed on as program arguments.
inline constexpr int kMostHeaders = 100;
inline constexpr size_t kMostHeaderBytes = size_t{64} << 10;

// A method is a token of RFC 9110, 5.6.2.
bool IsToken(std::string_view text);

// kInvalidArgument if the text is not a method, or is CONNECT, which opens a tunnel.
absl::Status CheckMethod(std::string_view method);

// kInvalidArgument if the text is not a header name.
absl::Status CheckHeaderName(std::string_view name);
// kInvalidArgument if the value would end its line early.
absl::Status CheckHeaderValue(std::string_view value);
// kInvalidArgument if there are more header fields than kMostHeaders, or more bytes than kMostHeaderBytes.
absl::Status CheckHeaderSize(int headers, size_t bytes);

// Whether HTTP/2 allows that header, in any case (RFC 9113, 8.2.2).
bool IsHeaderOfHttp2(std::string_view name);

}  // namespace assay

#endif  // ASSAY_COMMON_HTTP_FIELD_H_

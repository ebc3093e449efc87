#ifndef ASSAY_SERVER_NET_HTTP_MESSAGE_H_
#define ASSAY_SERVER_NET_HTTP_MESSAGE_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

namespace assay::server {

enum class HttpMethod : uint8_t { kGet, kHead, kPost, kOptions, kOther };

struct HttpHeader {
  std::string_view name;   // As the client wrote it; compare with EqualsIgnoringCase().
  std::string_view value;  // Without surrounding white space.
};

// Whether two header names (ASCII) are equal. Inline, because every header of every request calls it.
inline bool EqualsIgnoringCase(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; };
  for (size_t i = 0; i < a.size(); ++i) {
    if (a[i] != b[i] && lower(a[i]) != lower(b[i])) return false;
  }
  return true;
}

// A complete, well-formed request: the rules of RFC 9110 and 9112 have been checked.
//
// All views point into the connection's buffer and are valid until the handler returns. `body` is valid for as long as
// HttpResponse::body must be.
struct HttpRequest {
  // This many bytes after the body are readable, as SIMD parsers require. Their content is unspecified.
  static constexpr size_t kReadableBehindBody = 64;

  HttpMethod method = HttpMethod::kGet;
  // The path. It begins with '/', and is percent-decoded if it was encoded. "*" only with OPTIONS.
  std::string_view path;
  // What follows '?', as received; empty if the target has no query.
  std::string_view query;
  std::string_view body;
  std::vector<HttpHeader> headers;

  // The first header with that name; empty if there is none.
  std::string_view Header(std::string_view name) const;
};

// The response of a handler. The connection adds Content-Length, Date and Connection, and drops the body for HEAD.
//
// All views point into the request, at constants, or into memory that the handler keeps unchanged until its next call
// on this thread.
struct HttpResponse {
  int status = 200;
  // If empty, no Content-Type is sent.
  std::string_view content_type;
  // Complete header lines, each with its CRLF.
  std::string_view more_headers;
  std::string_view body;
};

// Responds to one request. Called on the connection's thread, one request at a time, in the order of arrival on each
// connection. The thread's other connections wait until the handler returns.
using HttpHandler = std::function<void(const HttpRequest& request, HttpResponse& response)>;

// Makes the handler of one thread. Called on that thread.
using HttpHandlerFactory = std::function<HttpHandler()>;

}  // namespace assay::server

#endif  // ASSAY_SERVER_NET_HTTP_MESSAGE_H_

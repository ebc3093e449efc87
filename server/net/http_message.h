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

// Whether two header names (ASCII) are the same. Here, because every header line of every request asks.
inline bool EqualsIgnoringCase(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; };
  for (size_t i = 0; i < a.size(); ++i) {
    if (a[i] != b[i] && lower(a[i]) != lower(b[i])) return false;
  }
  return true;
}

// One request that has arrived as a whole and is well-formed: RFC 9110 and 9112 have been checked.
//
// Everything is a view of the connection's buffer, valid until the handler returns; `body` for as
// long as HttpResponse::body may be.
struct HttpRequest {
  // So many bytes behind the body may be read, too: SIMD parsers do. What they hold is unspecified.
  static constexpr size_t kReadableBehindBody = 64;

  HttpMethod method = HttpMethod::kGet;
  // The path, beginning with '/', percent-decoded where it was encoded; "*" only with OPTIONS.
  std::string_view path;
  // What stands after '?', as it came; empty when there is none.
  std::string_view query;
  std::string_view body;
  std::vector<HttpHeader> headers;

  // The first header of that name; empty when there is none.
  std::string_view Header(std::string_view name) const;
};

// What the handler answers. Content-Length, Date and Connection are not its concern, nor that HEAD
// gets no body.
//
// Everything is a view: of the request, of constants, or of memory that the handler keeps unchanged
// until it is called again on this thread.
struct HttpResponse {
  int status = 200;
  // Empty: no Content-Type is sent.
  std::string_view content_type;
  // Whole header lines, each with its CRLF.
  std::string_view more_headers;
  std::string_view body;
};

// Answers one request. Called on the connection's thread, one request at a time, in the order of
// arrival on each connection; whatever time it takes, the thread's other connections wait.
using HttpHandler = std::function<void(const HttpRequest& request, HttpResponse& response)>;

// Makes the handler of one thread; called on that thread.
using HttpHandlerFactory = std::function<HttpHandler()>;

}  // namespace assay::server

#endif  // ASSAY_SERVER_NET_HTTP_MESSAGE_H_

#include "server/net/response_writer.h"

#include <algorithm>
#include <charconv>
#include <cstring>

namespace assay::server {
namespace {

// Appends texts to memory that is known to be large enough.
class Cursor {
 public:
  explicit Cursor(char* at) : at_(at) {}

  // For a literal, without its NUL. The compiler knows the size, so it emits moves instead of a call.
  template <size_t kSize>
  void Put(const char (&text)[kSize]) {
    std::memcpy(at_, text, kSize - 1);
    at_ += kSize - 1;
  }
  void Put(std::string_view text) {
    // memcpy must not get the null pointer of an empty view.
    at_ = std::copy(text.begin(), text.end(), at_);
  }
  void Put(size_t number) { at_ = std::to_chars(at_, at_ + 20, number).ptr; }
  char* at() const { return at_; }

 private:
  char* at_;
};

// An upper bound of the fixed text of a head, its numbers and the longest reason phrase.
constexpr size_t kHeadRoom = 320;

}  // namespace

std::string_view ReasonPhrase(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 400:
      return "Bad Request";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 411:
      return "Length Required";
    case 413:
      return "Content Too Large";
    case 414:
      return "URI Too Long";
    case 417:
      return "Expectation Failed";
    case 421:
      return "Misdirected Request";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 503:
      return "Service Unavailable";
    case 505:
      return "HTTP Version Not Supported";
    default:
      return "Unknown";
  }
}

void WriteResponse(const HttpResponse& response, const ResponseFrame& frame, ResponseBatch& batch) {
  const bool send_body = !frame.without_body && !response.body.empty();
  const bool borrow = send_body && response.body.size() >= kBorrowedBody;
  const size_t room = kHeadRoom + response.content_type.size() + response.more_headers.size() +
                      (send_body && !borrow ? response.body.size() : 0);
  char* const start = batch.bytes.Reserve(room);
  Cursor out(start);
  if (response.status == 200) {
    out.Put("HTTP/1.1 200 OK\r\n");
  } else {
    out.Put("HTTP/1.1 ");
    out.Put(static_cast<size_t>(response.status));
    out.Put(" ");
    out.Put(ReasonPhrase(response.status));
    out.Put("\r\n");
  }
  out.Put(frame.date_line);
  if (!response.content_type.empty()) {
    out.Put("Content-Type: ");
    out.Put(response.content_type);
    out.Put("\r\n");
  }
  out.Put(response.more_headers);
  if (frame.close) {
    out.Put("Connection: close\r\n");
  } else if (frame.say_keep_alive) {
    out.Put("Connection: keep-alive\r\n");
  }
  out.Put("Content-Length: ");
  out.Put(response.body.size());
  out.Put("\r\n\r\n");
  if (borrow) {
    batch.borrowed = response.body;
  } else if (send_body) {
    out.Put(response.body);
  }
  batch.bytes.Commit(static_cast<size_t>(out.at() - start));
}

}  // namespace assay::server

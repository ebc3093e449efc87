#ifndef ASSAY_SERVER_NET_RESPONSE_WRITER_H_
#define ASSAY_SERVER_NET_RESPONSE_WRITER_H_

#include <string_view>

#include "server/net/byte_buffer.h"
#include "server/net/http_message.h"

namespace assay::server {

// Answers on their way to one client: a batch of them, sent by one system call.
//
// A large body is not copied behind its head but borrowed: once `borrowed` is set, all must be sent
// (or the rest copied) before the memory it views may change.
struct ResponseBatch {
  ByteBuffer bytes;
  std::string_view borrowed;  // Follows `bytes`.

  // Whether it is time to send before answering more.
  bool full() const { return !borrowed.empty() || bytes.size() >= kFull; }
  bool empty() const { return bytes.empty() && borrowed.empty(); }
  void Clear() {
    bytes.Clear();
    borrowed = {};
  }

  static constexpr size_t kFull = 64 << 10;
};

// What the connection, rather than the handler, decides about a response.
struct ResponseFrame {
  std::string_view date_line;   // "Date: ...\r\n"
  bool without_body = false;    // To HEAD: Content-Length tells of a body that is not sent.
  bool close = false;           // Says "Connection: close".
  bool say_keep_alive = false;  // To HTTP/1.0, which assumes close.
};

// Bodies of at least this size are borrowed.
inline constexpr size_t kBorrowedBody = 32 << 10;

// Appends the response to the batch. REQUIRES: batch.borrowed is empty.
void WriteResponse(const HttpResponse& response, const ResponseFrame& frame, ResponseBatch& batch);

// "Not Found" for 404; "Unknown" for what RFC 9110 does not name.
std::string_view ReasonPhrase(int status);

}  // namespace assay::server

#endif  // ASSAY_SERVER_NET_RESPONSE_WRITER_H_

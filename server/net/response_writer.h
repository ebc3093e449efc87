#ifndef ASSAY_SERVER_NET_RESPONSE_WRITER_H_
#define ASSAY_SERVER_NET_RESPONSE_WRITER_H_

#include <string_view>

#include "server/net/byte_buffer.h"
#include "server/net/http_message.h"

namespace assay::server {

// A batch of responses to one client, sent by one system call.
//
// A large body is borrowed instead of copied after its head. Once `borrowed` is set, everything must be sent (or the
// rest copied) before the memory that it views may change.
struct ResponseBatch {
  ByteBuffer bytes;
  std::string_view borrowed;  // Follows `bytes`.

  // Whether the batch must be sent before further responses.
  bool full() const { return !borrowed.empty() || bytes.size() >= kFull; }
  bool empty() const { return bytes.empty() && borrowed.empty(); }
  void Clear() {
    bytes.Clear();
    borrowed = {};
  }

  static constexpr size_t kFull = 64 << 10;
};

// The properties of a response that the connection decides, not the handler.
struct ResponseFrame {
  std::string_view date_line;   // "Date: ...\r\n"
  bool without_body = false;    // For HEAD: Content-Length describes a body that is not sent.
  bool close = false;           // Sends "Connection: close".
  bool say_keep_alive = false;  // For HTTP/1.0, which assumes close.
};

// Bodies of at least this size are borrowed.
inline constexpr size_t kBorrowedBody = 32 << 10;

// Appends the response to the batch. REQUIRES: batch.borrowed is empty.
void WriteResponse(const HttpResponse& response, const ResponseFrame& frame, ResponseBatch& batch);

// The reason phrase of a status: "Not Found" for 404, "Unknown" for a status that RFC 9110 does not define.
std::string_view ReasonPhrase(int status);

}  // namespace assay::server

#endif  // ASSAY_SERVER_NET_RESPONSE_WRITER_H_

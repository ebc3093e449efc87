#ifndef ASSAY_SERVER_NET_REQUEST_PARSER_H_
#define ASSAY_SERVER_NET_REQUEST_PARSER_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "server/net/byte_buffer.h"
#include "server/net/chunked_decoder.h"
#include "server/net/head_rules.h"
#include "server/net/http_message.h"
#include "server/net/server_options.h"

struct llhttp__internal_s;  // NOLINT(bugprone-reserved-identifier): llhttp names it so.

namespace assay::server {

// Parses requests from a byte stream that arrives in arbitrary pieces.
//
// The bytes of the current request stay in the caller's buffer. The parser keeps offsets, so the buffer may move
// between calls. llhttp parses heads; head_rules.h refuses what llhttp accepts and the RFCs forbid. This class frames
// bodies, and decodes chunked ones in place.
//
// Cost: each byte is scanned once; no allocation once the vectors have grown. Threads: none.
class RequestParser {
 public:
  // `limits` must outlive the parser.
  explicit RequestParser(const HttpLimits& limits);
  RequestParser(RequestParser&&) noexcept;
  RequestParser& operator=(RequestParser&&) noexcept;
  ~RequestParser();

  enum class Progress { kNeedBytes, kRequest, kError };

  // Continues with the request at the front of `in`. Scans all bytes appended since the last call, unless a request
  // ends before. With kNeedBytes, `in` may have become shorter: chunk framing that is no longer needed is removed.
  Progress Parse(ByteBuffer& in);

  // After kRequest: the request, in views of `in`, and the number of its bytes.
  const HttpRequest& request() const { return request_; }
  size_t consumed() const { return consumed_; }
  // Whether the client allows another request on this connection.
  bool keep_alive() const { return keep_alive_; }
  // Whether the request is HTTP/1.0.
  bool http_1_0() const { return http_1_0_; }

  // After kError: the error response. The framing is lost, so the connection must be closed.
  const HttpError& error() const { return error_; }

  // After kNeedBytes: whether the client waits for "100 Continue" before it sends the body. Returns true once per
  // request.
  bool TakeExpectation();
  // After kNeedBytes: whether part of a request has arrived.
  bool mid_request() const { return parsed_ > 0; }
  // After kNeedBytes: the number of body bytes known to follow; 0 if unknown.
  uint64_t body_bytes_missing() const;

  // Prepares for the next request.
  void Reset();

 private:
  struct Callbacks;
  enum class Phase : uint8_t { kHead, kLengthBody, kChunkedBody };
  enum class Span : uint8_t { kNone, kTarget, kName, kValue };

  // A range of the head, as offsets into the buffer.
  struct Piece {
    uint32_t begin = 0;
    uint32_t end = 0;

    std::string_view In(const char* buffer) const { return {buffer + begin, end - begin}; }
  };
  struct Field {
    Piece name;
    Piece value;
  };

  Progress ParseHead(ByteBuffer& in);
  int ExecuteLlhttp(char* head, size_t end);
  Progress ParseBody(ByteBuffer& in);
  Progress Fail(int status, std::string_view reason);
  // Translates llhttp's error to an error response. `read` ends with the byte that llhttp rejected.
  Progress FailAsLlhttp(std::string_view read);
  // Checks the whole head, and determines the framing of the body.
  bool AcceptHead(std::string_view head);
  bool AcceptTarget(std::string_view head);
  bool AcceptFields(std::string_view head);
  bool BeginBody(bool chunked, bool expects);
  Progress TooLong();
  void FillRequest(const ByteBuffer& in, std::string_view body);

  const HttpLimits* limits_;
  std::unique_ptr<llhttp__internal_s> llhttp_;

  // State while parsing the head.
  const char* base_ = nullptr;  // The buffer's start during a call of llhttp.
  Span span_ = Span::kNone;
  bool folded_ = false;  // A header continues on the next line (obs-fold).
  Piece target_;
  std::vector<Field> fields_;

  Phase phase_ = Phase::kHead;
  bool keep_alive_ = false;
  bool http_1_0_ = false;
  bool expects_continue_ = false;
  size_t parsed_ = 0;    // Bytes of the buffer that have been scanned.
  size_t head_end_ = 0;  // Where the body begins.
  size_t body_ = 0;      // Bytes of a chunked body decoded so far.
  uint64_t content_length_ = 0;
  ChunkedDecoder chunks_;

  HttpMethod method_ = HttpMethod::kGet;
  Piece path_;
  Piece query_;
  std::string decoded_path_;  // Used only if the path is percent-encoded.
  HttpRequest request_;
  size_t consumed_ = 0;
  HttpError error_{0, {}};
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_NET_REQUEST_PARSER_H_

#ifndef ASSAY_AGENT_LOADGEN_RESPONSE_PARSER_H_
#define ASSAY_AGENT_LOADGEN_RESPONSE_PARSER_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "agent/loadgen/body_digest.h"

namespace assay::loadgen {

// What a head says of how its response ends, and of the connection behind it.
struct Framing {
  uint16_t status = 0;
  bool keep_alive = true;
  bool has_length = false;
  bool chunked = false;
  bool transfer_encoded = false;  // By something else than chunked at the end.
  bool close = false;             // Connection has that option, whatever else it has.
  bool length_open = false;       // Content-Length's value is empty so far: it may be folded.
  bool old_version = false;       // HTTP/1.0.
  uint64_t length = 0;            // Content-Length.
};

// The head that came last to any parser of a thread. A server says the same many thousand times a second, but for a Date
// that changes once: a head that equals this one byte by byte is not taken apart again. Written and read by ResponseParser
// alone. Threads: none.
struct KnownHead {
  static constexpr size_t kMostBytes = 512;

  uint16_t size = 0;  // 0: none is known.
  Framing framing;
  char bytes[kMostBytes];
};

// Finds where responses of an HTTP/1.1 server begin and end, incrementally, and compares bodies on
// the way. RFC 9112, sections 4 to 7, as a client reads it: interim (1xx) responses are passed over;
// a body ends by Content-Length, by the last chunk, or by the end of the connection; responses to
// HEAD, 204 and 304 have none.
//
// Tuned for the load generator: it looks for line ends, reads the three headers that frame a response
// and passes over the others, so that a head of 120 bytes costs under 100 ns. Nothing is allocated: a
// line that is cut by the end of a segment is kept in the parser. Of a line over kCarryBytes, cut or
// not, the rest is passed over, which no framing header survives: how a response is cut decides
// nothing.
//
// A folded header line (obs-fold) is read as one with blanks (RFC 9112, 5.2); within one of the
// three headers it may stand where a blank may.
//
// Line ends: the status line, header lines and trailers may end in LF alone (RFC 9112, 2.2); a chunk's size and a chunk's
// data end in CRLF. A CR anywhere else in a line is malformed, as a control character within one of the three headers is.
//
// What is malformed: a status line that is not "HTTP/1.x NNN", a header line or a trailer without a
// name and a colon, contradicting or unreadable lengths, heads over kMaxHeadBytes, more than
// kMostInterim interim responses, and bytes after what ends a response where none is due (the caller
// sees that). A list of equal lengths is that length (RFC 9112, 6.3). HTTP/1.0 has no
// Transfer-Encoding: a connection is not kept behind it (6.1).
class ResponseParser {
 public:
  static constexpr size_t kCarryBytes = 256;
  static constexpr size_t kMaxHeadBytes = 64 * 1024;
  static constexpr uint32_t kMostInterim = 1000;

  enum class Result : uint8_t {
    kNeedMore,
    kComplete,
    kMalformed,
  };
  struct Progress {
    Result result;
    // Bytes that belong to this response; the rest belongs to the next.
    size_t consumed;
  };

  // Null, as at first: every head is taken apart. It must outlive the parser.
  void set_known_head(KnownHead* known) { known_ = known; }

  // Before the first byte of each response. `head_request`: the response has no body. `expected_body`
  // and `digest`, which gets the body where it is not null, must outlive the response.
  void Begin(bool head_request, const std::string* expected_body, BodyDigest* digest = nullptr);

  // REQUIRES: Begin() was called, and no Feed() since has returned anything but kNeedMore; size >
  // 0.
  Progress Feed(const char* data, size_t size);

  // The connection has ended: kComplete where that ends the body, kMalformed where the response is
  // cut short.
  Result FeedEnd();

  // No byte of the response has come.
  bool untouched() const { return response_bytes_ == 0; }

  // Of the complete response.
  int status() const { return framing_.status; }
  uint64_t body_bytes() const { return body_bytes_; }
  // Head, body and framing, interim responses included.
  uint64_t response_bytes() const { return response_bytes_; }
  // Whether another request may follow on this connection.
  bool keep_alive() const { return framing_.keep_alive && !framing_.close; }
  // The body equals the expected one; true when none was given.
  bool body_matches() const;

 private:
  // The header line that may be folded.
  enum class Header : uint8_t { kNone, kOther, kContentLength, kTransferEncoding, kConnection };
  enum class State : uint8_t {
    kStatusLine,
    kHeaders,
    kFixedBody,
    kBodyUntilEnd,
    kChunkSize,
    kChunkData,
    kChunkEnd,
    kTrailers,
  };

  Result TakeLine(const char* line, size_t size);
  Result TakeStatusLine(std::string_view line);
  Result TakeHeader(std::string_view line);
  Result TakeTrailer(std::string_view line);
  // The size of the name in front of a line's colon; 0: it has none.
  static size_t NameSize(std::string_view line);
  // Of what stands behind the name's colon, and of each line folded behind that.
  Result TakeValue(std::string_view value);
  bool TakeContentLength(std::string_view length);
  Result TakeChunkSize(std::string_view line);
  Result EndOfHead();
  // All of the known head has to be there.
  bool BeginsWithKnownHead(const char* data, size_t size) const;
  Result TakeKnownHead();
  // The head, whole, which is about to end.
  void LearnHead(const char* begin, const char* end);
  void TakeBody(const char* data, size_t size);
  Result KeepPartialLine(const char* data, size_t size);

  State state_ = State::kStatusLine;
  Header header_ = Header::kNone;
  bool element_open_ = false;  // The list of that header ends within an element so far.
  bool head_request_ = false;
  bool body_differs_ = false;
  bool line_cut_ = false;  // The carried line is longer than what was kept.
  uint16_t carried_ = 0;
  uint32_t head_bytes_ = 0;
  uint32_t interim_ = 0;
  Framing framing_;
  uint64_t body_left_ = 0;  // Of the body or the chunk.
  uint64_t body_bytes_ = 0;
  uint64_t response_bytes_ = 0;
  KnownHead* known_ = nullptr;
  const std::string* expected_body_ = nullptr;
  BodyDigest* digest_ = nullptr;
  char carry_[kCarryBytes];
};

}  // namespace assay::loadgen

#endif  // ASSAY_AGENT_LOADGEN_RESPONSE_PARSER_H_

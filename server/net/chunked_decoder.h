#ifndef ASSAY_SERVER_NET_CHUNKED_DECODER_H_
#define ASSAY_SERVER_NET_CHUNKED_DECODER_H_

#include <cstddef>
#include <cstdint>

namespace assay::server {

// Decodes a chunked body (RFC 9112, 7.1) in place. The body arrives in arbitrary pieces.
//
// Strict: only CRLF ends a line, and sizes, chunk extensions and trailers follow the grammar. Extensions, trailers and
// leading zeros of a size count towards `max_overhead`, and are dropped.
class ChunkedDecoder {
 public:
  enum class State { kMore, kDone, kMalformed, kBodyTooLarge, kOverheadTooLarge };

  struct Step {
    State state;
    size_t read;     // Input bytes consumed; all of them with kMore.
    size_t written;  // Body bytes written to `out`.
  };

  // Begins a new body of at most `max_body` bytes, with at most `max_overhead` bytes of extensions, trailers and
  // leading zeros.
  void Reset(size_t max_body, size_t max_overhead);

  // Decodes the next piece. REQUIRES: `out` does not lie after `in` (the two may be equal); the previous call, if any,
  // returned kMore.
  Step Decode(const char* in, size_t size, char* out);

 private:
  enum class At : uint8_t {
    kSizeStart,
    kSize,
    kBlank,      // Before a semicolon.
    kExtension,  // After the semicolon.
    kExtensionName,
    kNameBlank,   // After a name.
    kValueStart,  // After the equals sign.
    kToken,
    kQuoted,
    kEscaped,
    kQuoteEnd,
    kSizeLf,
    kData,
    kDataCr,
    kDataLf,
    kTrailerStart,
    kTrailerName,
    kTrailerValue,
    kTrailerLf,
    kEndLf,
  };

  // Consumes one byte outside a chunk's data.
  State Framing(unsigned char c);
  // Consumes one byte of a chunk extension.
  State Extension(unsigned char c);
  // After a size, a name or a value: the line ends, or another extension follows.
  State EndOfExtension(unsigned char c);
  State CountOverhead();

  size_t max_body_ = 0;
  size_t max_overhead_ = 0;
  size_t body_ = 0;      // Bytes of the body announced by chunk sizes so far.
  size_t overhead_ = 0;  // Bytes so far that count towards `max_overhead`.
  uint64_t chunk_ = 0;   // The size being read, then the bytes of the chunk that remain.
  At at_ = At::kSizeStart;
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_NET_CHUNKED_DECODER_H_

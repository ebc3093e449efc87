#ifndef ASSAY_SERVER_NET_CHUNKED_DECODER_H_
#define ASSAY_SERVER_NET_CHUNKED_DECODER_H_

#include <cstddef>
#include <cstdint>

namespace assay::server {

// Decodes a chunked body (RFC 9112, 7.1) that arrives in arbitrary pieces, in place.
//
// Strict: only CRLF ends a line, and sizes, chunk extensions and trailers follow the grammar. Extensions, trailers and the
// zeros in front of a size are counted against `max_overhead`, and dropped.
class ChunkedDecoder {
 public:
  enum class State { kMore, kDone, kMalformed, kBodyTooLarge, kOverheadTooLarge };

  struct Step {
    State state;
    size_t read;     // Bytes of the input used; all of them with kMore.
    size_t written;  // Bytes of the body put at `out`.
  };

  // Begins a new body of at most `max_body` bytes, with at most `max_overhead` bytes of extensions,
  // trailers and leading zeros.
  void Reset(size_t max_body, size_t max_overhead);

  // Decodes what came next. REQUIRES: `out` is not behind `in` (they may be one); not called again
  // after any state but kMore.
  Step Decode(const char* in, size_t size, char* out);

 private:
  enum class At : uint8_t {
    kSizeStart,
    kSize,
    kBlank,      // In front of a semicolon.
    kExtension,  // Behind the semicolon.
    kExtensionName,
    kNameBlank,   // Between a name and what follows.
    kValueStart,  // Behind the equals sign.
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

  // Advances by one byte that is not of a chunk's data.
  State Framing(unsigned char c);
  // Of an extension.
  State Extension(unsigned char c);
  // Behind a size, a name or a value: the line ends, or another extension follows.
  State EndOfExtension(unsigned char c);
  State CountOverhead();

  size_t max_body_ = 0;
  size_t max_overhead_ = 0;
  size_t body_ = 0;      // Bytes of the body announced by chunk sizes so far.
  size_t overhead_ = 0;  // Bytes so far that are counted against the limit.
  uint64_t chunk_ = 0;   // The size being read, then what of it is left.
  At at_ = At::kSizeStart;
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_NET_CHUNKED_DECODER_H_

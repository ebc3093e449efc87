#include "server/net/chunked_decoder.h"

#include <algorithm>
#include <cstring>

#include "server/net/head_rules.h"

namespace assay {
namespace {

int HexDigit(unsigned char c) {
  if (c >= '0' && c <= '9') return c - '0';
  c |= 0x20;
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

}  // namespace

void ChunkedDecoder::Reset(size_t max_body, size_t max_overhead) {
  *this = ChunkedDecoder();
  max_body_ = max_body;
  max_overhead_ = max_overhead;
}

ChunkedDecoder::Step ChunkedDecoder::Decode(const char* in, size_t size, char* out) {
  size_t read = 0;
  size_t written = 0;
  while (read < size) {
    if (at_ == At::kData) {
      const size_t piece = std::min<uint64_t>(chunk_, size - read);
      std::memmove(out + written, in + read, piece);
      read += piece;
      written += piece;
      chunk_ -= piece;
      if (chunk_ == 0) at_ = At::kDataCr;
      continue;
    }
    const State state = Framing(static_cast<unsigned char>(in[read++]));
    if (state != State::kMore) return {state, read, written};
  }
  return {State::kMore, read, written};
}

ChunkedDecoder::State ChunkedDecoder::Framing(unsigned char c) {
  switch (at_) {
    case At::kSizeStart:
    case At::kSize: {
      const int digit = HexDigit(c);
      if (digit >= 0) {
        // 16 digits fill 64 bits; leading zeroes beyond that have no honest use.
        if (++digits_ > 16) return State::kMalformed;
        chunk_ = chunk_ * 16 + static_cast<uint64_t>(digit);
        at_ = At::kSize;
        return State::kMore;
      }
      if (at_ == At::kSizeStart) return State::kMalformed;
      if (chunk_ > max_body_ - body_) return State::kBodyTooLarge;
      if (c == '\r') {
        at_ = At::kSizeLf;
      } else if (c == ';') {
        at_ = At::kExtension;
      } else if (c == ' ' || c == '\t') {
        at_ = At::kSizeBlank;
      } else {
        return State::kMalformed;
      }
      return State::kMore;
    }
    case At::kSizeBlank:
      // RFC 9112, 7.1.1: a recipient parses white space before the semicolon, too. Anything else here would be dropped
      // with the extensions, and "5 6" be a chunk of 5.
      if (c == '\r') {
        at_ = At::kSizeLf;
        return State::kMore;
      }
      if (c == ';') {
        at_ = At::kExtension;
      } else if (c != ' ' && c != '\t') {
        return State::kMalformed;
      }
      return ++overhead_ > max_overhead_ ? State::kOverheadTooLarge : State::kMore;
    case At::kExtension:
      if (c == '\r') {
        at_ = At::kSizeLf;
        return State::kMore;
      }
      if (!IsFieldValueChar(c)) return State::kMalformed;
      return ++overhead_ > max_overhead_ ? State::kOverheadTooLarge : State::kMore;
    case At::kSizeLf:
      if (c != '\n') return State::kMalformed;
      body_ += chunk_;
      at_ = chunk_ == 0 ? At::kTrailerStart : At::kData;
      digits_ = 0;
      return State::kMore;
    case At::kDataCr:
      at_ = At::kDataLf;
      return c == '\r' ? State::kMore : State::kMalformed;
    case At::kDataLf:
      at_ = At::kSizeStart;
      return c == '\n' ? State::kMore : State::kMalformed;
    case At::kTrailerStart:
      if (c == '\r') {
        at_ = At::kEndLf;
        return State::kMore;
      }
      at_ = At::kTrailerName;
      if (!IsTokenChar(c)) return State::kMalformed;
      return ++overhead_ > max_overhead_ ? State::kOverheadTooLarge : State::kMore;
    case At::kTrailerName:
      if (c == ':') {
        at_ = At::kTrailerValue;
      } else if (!IsTokenChar(c)) {
        return State::kMalformed;
      }
      return ++overhead_ > max_overhead_ ? State::kOverheadTooLarge : State::kMore;
    case At::kTrailerValue:
      if (c == '\r') {
        at_ = At::kTrailerLf;
        return State::kMore;
      }
      if (!IsFieldValueChar(c)) return State::kMalformed;
      return ++overhead_ > max_overhead_ ? State::kOverheadTooLarge : State::kMore;
    case At::kTrailerLf:
      at_ = At::kTrailerStart;
      return c == '\n' ? State::kMore : State::kMalformed;
    case At::kEndLf:
      return c == '\n' ? State::kDone : State::kMalformed;
    case At::kData:
      break;
  }
  return State::kMalformed;
}

}  // namespace assay

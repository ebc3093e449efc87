#include "server/net/chunked_decoder.h"

#include <algorithm>
#include <cstring>

#include "server/net/head_rules.h"

namespace assay::server {
namespace {

int HexDigit(unsigned char c) {
  if (c >= '0' && c <= '9') return c - '0';
  c |= 0x20;
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool IsBlank(unsigned char c) { return c == ' ' || c == '\t'; }

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

ChunkedDecoder::State ChunkedDecoder::CountOverhead() {
  return ++overhead_ > max_overhead_ ? State::kOverheadTooLarge : State::kMore;
}

ChunkedDecoder::State ChunkedDecoder::EndOfExtension(unsigned char c) {
  if (c == '\r') {
    at_ = At::kSizeLf;
    return State::kMore;
  }
  if (c == ';') {
    at_ = At::kExtension;
  } else if (IsBlank(c)) {
    at_ = At::kBlank;
  } else {
    return State::kMalformed;
  }
  return CountOverhead();
}

// *( BWS ";" BWS chunk-ext-name [ BWS "=" BWS ( token / quoted-string ) ] ): a blank must precede another element,
// never the end of a line.
ChunkedDecoder::State ChunkedDecoder::Extension(unsigned char c) {
  switch (at_) {
    case At::kBlank:
      if (c == ';') {
        at_ = At::kExtension;
      } else if (!IsBlank(c)) {
        return State::kMalformed;
      }
      break;
    case At::kExtension:
      if (IsTokenChar(c)) {
        at_ = At::kExtensionName;
      } else if (!IsBlank(c)) {
        return State::kMalformed;
      }
      break;
    case At::kExtensionName:
      if (IsTokenChar(c)) break;
      if (c == '=') {
        at_ = At::kValueStart;
      } else if (IsBlank(c)) {
        at_ = At::kNameBlank;
      } else {
        return EndOfExtension(c);
      }
      break;
    case At::kNameBlank:
      if (c == '=') {
        at_ = At::kValueStart;
      } else if (c == ';') {
        at_ = At::kExtension;
      } else if (!IsBlank(c)) {
        return State::kMalformed;
      }
      break;
    case At::kValueStart:
      if (c == '"') {
        at_ = At::kQuoted;
      } else if (IsTokenChar(c)) {
        at_ = At::kToken;
      } else if (!IsBlank(c)) {
        return State::kMalformed;
      }
      break;
    case At::kToken:
      if (!IsTokenChar(c)) return EndOfExtension(c);
      break;
    case At::kQuoted:
      if (c == '"') {
        at_ = At::kQuoteEnd;
      } else if (c == '\\') {
        at_ = At::kEscaped;
      } else if (!IsFieldValueChar(c)) {
        return State::kMalformed;
      }
      break;
    case At::kEscaped:
      if (!IsFieldValueChar(c)) return State::kMalformed;
      at_ = At::kQuoted;
      break;
    default:
      return EndOfExtension(c);
  }
  return CountOverhead();
}

ChunkedDecoder::State ChunkedDecoder::Framing(unsigned char c) {
  switch (at_) {
    case At::kSizeStart:
    case At::kSize: {
      const int digit = HexDigit(c);
      if (digit >= 0) {
        at_ = At::kSize;
        // Leading zeros have no meaning, and their number is unlimited.
        if (chunk_ == 0 && digit == 0) return CountOverhead();
        if (chunk_ >> 60 != 0) return State::kMalformed;
        chunk_ = chunk_ * 16 + static_cast<uint64_t>(digit);
        return State::kMore;
      }
      if (at_ == At::kSizeStart) return State::kMalformed;
      if (chunk_ > max_body_ - body_) return State::kBodyTooLarge;
      return EndOfExtension(c);
    }
    case At::kBlank:
    case At::kExtensionName:
    case At::kExtension:
    case At::kNameBlank:
    case At::kValueStart:
    case At::kToken:
    case At::kQuoted:
    case At::kEscaped:
    case At::kQuoteEnd:
      return Extension(c);
    case At::kSizeLf:
      if (c != '\n') return State::kMalformed;
      body_ += chunk_;
      at_ = chunk_ == 0 ? At::kTrailerStart : At::kData;
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
      return CountOverhead();
    case At::kTrailerName:
      if (c == ':') {
        at_ = At::kTrailerValue;
      } else if (!IsTokenChar(c)) {
        return State::kMalformed;
      }
      return CountOverhead();
    case At::kTrailerValue:
      if (c == '\r') {
        at_ = At::kTrailerLf;
        return State::kMore;
      }
      if (!IsFieldValueChar(c)) return State::kMalformed;
      return CountOverhead();
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

}  // namespace assay::server

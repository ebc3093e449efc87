#include "agent/loadgen/response_parser.h"

#include <strings.h>

#include <algorithm>
#include <cstring>

namespace assay::loadgen {
namespace {

constexpr uint64_t kMaxLength = uint64_t{1} << 62;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

int HexValue(char c) {
  if (IsDigit(c)) return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

bool EqualsIgnoringCase(std::string_view text, std::string_view lower) {
  return text.size() == lower.size() && strncasecmp(text.data(), lower.data(), text.size()) == 0;
}

std::string_view Trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

bool HasControl(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) < ' ' && c != '\t') || c == 0x7f;
  });
}

// Calls `visit` with each element of a comma-separated list.
template <typename Visit>
void ForEachElement(std::string_view list, Visit visit) {
  while (true) {
    const size_t comma = list.find(',');
    visit(Trimmed(list.substr(0, comma)));
    if (comma == std::string_view::npos) return;
    list.remove_prefix(comma + 1);
  }
}

}  // namespace

void ResponseParser::Begin(bool head_request, const std::string* expected_body,
                           BodyDigest* digest) {
  state_ = State::kStatusLine;
  head_request_ = head_request;
  body_differs_ = false;
  line_cut_ = false;
  framing_.status = 0;
  carried_ = 0;
  head_bytes_ = 0;
  interim_ = 0;
  body_bytes_ = 0;
  response_bytes_ = 0;
  expected_body_ = expected_body;
  digest_ = digest;
  if (digest != nullptr) digest->Begin();
}

bool ResponseParser::body_matches() const {
  return expected_body_ == nullptr || (!body_differs_ && body_bytes_ == expected_body_->size());
}

ResponseParser::Progress ResponseParser::Feed(const char* data, size_t size) {
  const char* at = data;
  const char* const end = data + size;
  const char* head_begin = nullptr;  // Where it lies in these bytes.
  Result result = Result::kNeedMore;
  while (at != end && result == Result::kNeedMore) {
    const auto left = static_cast<size_t>(end - at);
    if (state_ == State::kStatusLine && head_bytes_ == 0) {
      if (BeginsWithKnownHead(at, left)) {
        at += known_->size;
        result = TakeKnownHead();
        continue;
      }
      head_begin = at;
    }
    switch (state_) {
      case State::kFixedBody:
      case State::kChunkData: {
        const size_t take = std::min<uint64_t>(left, body_left_);
        TakeBody(at, take);
        at += take;
        body_left_ -= take;
        if (body_left_ > 0) break;
        if (state_ == State::kFixedBody) {
          result = Result::kComplete;
        } else {
          state_ = State::kChunkEnd;
        }
        break;
      }
      case State::kBodyUntilEnd:
        TakeBody(at, left);
        at = end;
        break;
      default: {
        const auto* newline = static_cast<const char*>(std::memchr(at, '\n', left));
        const size_t take = newline == nullptr ? left : static_cast<size_t>(newline - at) + 1;
        head_bytes_ += static_cast<uint32_t>(std::min<size_t>(take, kMaxHeadBytes + 1));
        if (head_bytes_ > kMaxHeadBytes) {
          result = Result::kMalformed;
        } else if (newline == nullptr || carried_ > 0 || take > kCarryBytes) {
          result = KeepPartialLine(at, take);
          if (result == Result::kNeedMore && newline != nullptr) {
            const size_t line = carried_;
            carried_ = 0;
            result = TakeLine(carry_, line);
            line_cut_ = false;
          }
        } else {
          const bool ends_head =
              state_ == State::kHeaders && take <= 2 && (*at == '\r' || take == 1);
          if (ends_head && head_begin != nullptr) LearnHead(head_begin, at + take);
          result = TakeLine(at, take);
        }
        at += take;
        break;
      }
    }
  }
  const auto consumed = static_cast<size_t>(at - data);
  response_bytes_ += consumed;
  return {result, consumed};
}

ResponseParser::Result ResponseParser::FeedEnd() {
  return state_ == State::kBodyUntilEnd ? Result::kComplete : Result::kMalformed;
}

ResponseParser::Result ResponseParser::KeepPartialLine(const char* data, size_t size) {
  const size_t keep = std::min(size, kCarryBytes - carried_);
  std::memcpy(carry_ + carried_, data, keep);
  carried_ = static_cast<uint16_t>(carried_ + keep);
  line_cut_ |= keep < size;
  if (state_ == State::kStatusLine) {
    // Garbage is known by its first bytes: it need not wait for a line's end that may never come.
    constexpr std::string_view kVersion = "HTTP/1.";
    const size_t seen = std::min<size_t>(carried_, kVersion.size());
    return std::memcmp(carry_, kVersion.data(), seen) == 0 ? Result::kNeedMore : Result::kMalformed;
  }
  const bool may_be_cut = state_ == State::kHeaders || state_ == State::kTrailers;
  return line_cut_ && !may_be_cut ? Result::kMalformed : Result::kNeedMore;
}

ResponseParser::Result ResponseParser::TakeLine(const char* line, size_t size) {
  std::string_view text(line, size);
  if (!line_cut_) text.remove_suffix(1);
  const bool crlf = !text.empty() && text.back() == '\r';
  if (crlf) text.remove_suffix(1);
  const bool of_chunk = state_ == State::kChunkSize || state_ == State::kChunkEnd;
  if (of_chunk && !crlf) return Result::kMalformed;
  if (!text.empty() && std::memchr(text.data(), '\r', text.size()) != nullptr) {
    return Result::kMalformed;
  }
  switch (state_) {
    case State::kStatusLine:
      return TakeStatusLine(text);
    case State::kHeaders:
      return text.empty() ? EndOfHead() : TakeHeader(text);
    case State::kChunkSize:
      return TakeChunkSize(text);
    case State::kChunkEnd:
      state_ = State::kChunkSize;
      head_bytes_ = 0;
      return text.empty() ? Result::kNeedMore : Result::kMalformed;
    default:  // kTrailers
      return text.empty() ? Result::kComplete : TakeTrailer(text);
  }
}

ResponseParser::Result ResponseParser::TakeStatusLine(std::string_view line) {
  if (line.size() < 12 || std::memcmp(line.data(), "HTTP/1.", 7) != 0 || !IsDigit(line[7]) ||
      line[8] != ' ' || line[9] < '1' || line[9] > '9' || !IsDigit(line[10]) ||
      !IsDigit(line[11]) || (line.size() > 12 && line[12] != ' ')) {
    return Result::kMalformed;
  }
  framing_ = {.status = static_cast<uint16_t>((line[9] - '0') * 100 + (line[10] - '0') * 10 +
                                              (line[11] - '0')),
              .keep_alive = line[7] != '0',
              .old_version = line[7] == '0'};
  state_ = State::kHeaders;
  header_ = Header::kNone;
  return Result::kNeedMore;
}

size_t ResponseParser::NameSize(std::string_view line) {
  const auto* colon = static_cast<const char*>(std::memchr(line.data(), ':', line.size()));
  // A name ends at its colon: a blank before it lets responses be smuggled.
  if (colon == nullptr || colon == line.data() || colon[-1] == ' ' || colon[-1] == '\t') return 0;
  return static_cast<size_t>(colon - line.data());
}

// Else the next response would be taken for trailers, where the empty line in front of it is missing.
ResponseParser::Result ResponseParser::TakeTrailer(std::string_view line) {
  const bool folded = line.front() == ' ' || line.front() == '\t';
  if (!folded && NameSize(line) == 0) return Result::kMalformed;
  if (folded && header_ == Header::kNone) return Result::kMalformed;
  header_ = Header::kOther;
  return Result::kNeedMore;
}

ResponseParser::Result ResponseParser::TakeHeader(std::string_view line) {
  if (line.front() == ' ' || line.front() == '\t') {
    // Behind the status line it belongs to nothing.
    return header_ == Header::kNone ? Result::kMalformed : TakeValue(line);
  }
  if (framing_.length_open) return Result::kMalformed;
  const size_t length = NameSize(line);
  if (length == 0) return Result::kMalformed;
  const std::string_view name = line.substr(0, length);
  header_ = Header::kOther;
  switch (length) {
    case 14:
      if (!EqualsIgnoringCase(name, "content-length")) return Result::kNeedMore;
      header_ = Header::kContentLength;
      framing_.length_open = true;
      break;
    case 17:
      if (!EqualsIgnoringCase(name, "transfer-encoding")) return Result::kNeedMore;
      header_ = Header::kTransferEncoding;
      break;
    case 10:
      if (!EqualsIgnoringCase(name, "connection")) return Result::kNeedMore;
      header_ = Header::kConnection;
      break;
    default:
      return Result::kNeedMore;
  }
  element_open_ = false;
  return TakeValue(line.substr(length + 1));
}

ResponseParser::Result ResponseParser::TakeValue(std::string_view value) {
  if (header_ == Header::kOther) return Result::kNeedMore;
  value = Trimmed(value);
  if (line_cut_ || HasControl(value)) return Result::kMalformed;
  if (value.empty()) return Result::kNeedMore;
  // A blank within an element: "chun\r\n ked" is no coding.
  if (element_open_ && value.front() != ',') return Result::kMalformed;
  element_open_ = value.back() != ',';
  bool sound = true;
  ForEachElement(value, [this, &sound](std::string_view element) {
    if (element.empty()) return;
    if (header_ == Header::kContentLength) {
      sound = sound && TakeContentLength(element);
    } else if (header_ == Header::kConnection) {
      if (EqualsIgnoringCase(element, "close")) framing_.close = true;
      if (EqualsIgnoringCase(element, "keep-alive")) framing_.keep_alive = true;
    } else {
      // Only as the last coding does "chunked" tell where the body ends.
      framing_.chunked = EqualsIgnoringCase(element, "chunked");
      framing_.transfer_encoded = !framing_.chunked;
    }
  });
  return sound ? Result::kNeedMore : Result::kMalformed;
}

// Of each element of the list. False: it is no length, or another one than before.
bool ResponseParser::TakeContentLength(std::string_view length) {
  uint64_t value = 0;
  for (const char c : length) {
    if (!IsDigit(c)) return false;
    value = value * 10 + static_cast<uint64_t>(c - '0');
    if (value > kMaxLength) return false;
  }
  if (framing_.has_length && value != framing_.length) return false;
  framing_.length_open = false;
  framing_.has_length = true;
  framing_.length = value;
  return true;
}

ResponseParser::Result ResponseParser::EndOfHead() {
  head_bytes_ = 0;
  if (framing_.length_open) return Result::kMalformed;
  if (framing_.old_version && (framing_.chunked || framing_.transfer_encoded)) {
    framing_.close = true;
  }
  if (framing_.status < 200 && framing_.status != 101) {
    state_ = State::kStatusLine;
    return ++interim_ > kMostInterim ? Result::kMalformed : Result::kNeedMore;
  }
  if (head_request_ || framing_.status == 204 || framing_.status == 304) return Result::kComplete;
  if (framing_.status == 101) {  // Nobody asked for another protocol; what follows is not HTTP.
    framing_.keep_alive = false;
    return Result::kComplete;
  }
  if (framing_.chunked) {  // Outranks a Content-Length (RFC 9112, 6.3).
    state_ = State::kChunkSize;
    return Result::kNeedMore;
  }
  if (framing_.transfer_encoded || !framing_.has_length) {
    framing_.keep_alive = false;
    state_ = State::kBodyUntilEnd;
    return Result::kNeedMore;
  }
  if (framing_.length == 0) return Result::kComplete;
  body_left_ = framing_.length;
  state_ = State::kFixedBody;
  return Result::kNeedMore;
}

bool ResponseParser::BeginsWithKnownHead(const char* data, size_t size) const {
  return known_ != nullptr && known_->size != 0 && size >= known_->size &&
         std::memcmp(data, known_->bytes, known_->size) == 0;
}

ResponseParser::Result ResponseParser::TakeKnownHead() {
  framing_ = known_->framing;
  return EndOfHead();
}

// Before EndOfHead(): what that makes of it depends on the request as well.
void ResponseParser::LearnHead(const char* begin, const char* end) {
  const auto size = static_cast<size_t>(end - begin);
  if (known_ == nullptr || size > KnownHead::kMostBytes || framing_.status < 200) return;
  known_->size = static_cast<uint16_t>(size);
  known_->framing = framing_;
  std::memcpy(known_->bytes, begin, size);
}

ResponseParser::Result ResponseParser::TakeChunkSize(std::string_view line) {
  uint64_t size = 0;
  size_t digits = 0;
  for (; digits < line.size() && HexValue(line[digits]) >= 0; ++digits) {
    size = size * 16 + static_cast<uint64_t>(HexValue(line[digits]));
    if (size > kMaxLength) return Result::kMalformed;
  }
  if (digits == 0) return Result::kMalformed;
  const std::string_view rest = Trimmed(line.substr(digits));
  if (!rest.empty() && rest.front() != ';') return Result::kMalformed;
  head_bytes_ = 0;
  body_left_ = size;
  state_ = size == 0 ? State::kTrailers : State::kChunkData;
  header_ = Header::kNone;
  return Result::kNeedMore;
}

void ResponseParser::TakeBody(const char* data, size_t size) {
  if (expected_body_ != nullptr && !body_differs_) {
    const uint64_t room =
        expected_body_->size() - std::min<uint64_t>(body_bytes_, expected_body_->size());
    body_differs_ =
        size > room || std::memcmp(expected_body_->data() + body_bytes_, data, size) != 0;
  }
  if (digest_ != nullptr) digest_->Add(data, size);
  body_bytes_ += size;
}

}  // namespace assay::loadgen

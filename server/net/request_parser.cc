#include "server/net/request_parser.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <utility>

#include "llhttp.h"

namespace assay::server {

// RFC 9112, 2.2 lets a recipient accept LF alone as the end of a line. If one recipient in a chain does and another
// does not, they see different requests. This server requires CRLF.
static constexpr std::string_view kBareLf = "a line ends in LF without CR";

// llhttp reports a token in several calls when the head arrives in several pieces: the first call begins the range,
// later calls extend it.
struct RequestParser::Callbacks {
  static RequestParser& Self(llhttp_t* llhttp) {
    return *static_cast<RequestParser*>(llhttp->data);
  }

  static void Lengthen(Piece& piece, uint32_t begin, size_t size) {
    piece.end = begin + static_cast<uint32_t>(size);
  }

  static int OnTarget(llhttp_t* llhttp, const char* at, size_t size) {
    RequestParser& self = Self(llhttp);
    const auto begin = static_cast<uint32_t>(at - self.base_);
    if (self.span_ != Span::kTarget) self.target_.begin = begin;
    self.span_ = Span::kTarget;
    Lengthen(self.target_, begin, size);
    return 0;
  }

  static int OnName(llhttp_t* llhttp, const char* at, size_t size) {
    RequestParser& self = Self(llhttp);
    const auto begin = static_cast<uint32_t>(at - self.base_);
    if (self.span_ != Span::kName) self.fields_.push_back({.name = {begin, begin}, .value = {}});
    self.span_ = Span::kName;
    Lengthen(self.fields_.back().name, begin, size);
    return 0;
  }

  static int OnValue(llhttp_t* llhttp, const char* at, size_t size) {
    RequestParser& self = Self(llhttp);
    const auto begin = static_cast<uint32_t>(at - self.base_);
    Piece& value = self.fields_.back().value;
    if (self.span_ != Span::kValue) {
      value.begin = begin;
    } else if (value.end != begin) {
      self.folded_ = true;
    }
    self.span_ = Span::kValue;
    Lengthen(value, begin, size);
    return 0;
  }

  // Stops llhttp after the head.
  static int OnHeadersComplete(llhttp_t*) { return HPE_PAUSED; }

  static llhttp_settings_t Settings() {
    llhttp_settings_t settings;
    llhttp_settings_init(&settings);
    settings.on_url = OnTarget;
    settings.on_header_field = OnName;
    settings.on_header_value = OnValue;
    settings.on_headers_complete = OnHeadersComplete;
    return settings;
  }
};

static_assert(ByteBuffer::kPadding >= HttpRequest::kReadableBehindBody);

RequestParser::RequestParser(const HttpLimits& limits)
    : limits_(&limits), llhttp_(std::make_unique<llhttp_t>()) {
  Reset();
}

RequestParser::RequestParser(RequestParser&&) noexcept = default;
RequestParser& RequestParser::operator=(RequestParser&&) noexcept = default;
RequestParser::~RequestParser() = default;

void RequestParser::Reset() {
  static const llhttp_settings_t settings = Callbacks::Settings();
  llhttp_init(llhttp_.get(), HTTP_REQUEST, &settings);
  // The versions to serve are checked below; llhttp would reject HTTP/1.2 before that.
  llhttp_->lenient_flags |= LENIENT_VERSION;
  span_ = Span::kNone;
  folded_ = false;
  target_ = {};
  fields_.clear();
  phase_ = Phase::kHead;
  expects_continue_ = false;
  parsed_ = 0;
  body_ = 0;
  content_length_ = 0;
}

bool RequestParser::TakeExpectation() {
  if (!expects_continue_) return false;
  expects_continue_ = false;
  // A client that has begun to send its body does not wait (RFC 9110, 10.1.1).
  return parsed_ == head_end_;
}

uint64_t RequestParser::body_bytes_missing() const {
  return phase_ == Phase::kLengthBody ? head_end_ + content_length_ - parsed_ : 0;
}

RequestParser::Progress RequestParser::Parse(ByteBuffer& in) {
  if (phase_ == Phase::kHead) {
    const Progress progress = ParseHead(in);
    if (progress != Progress::kRequest) return progress;
  }
  return ParseBody(in);
}

// kRequest means here that the head is complete.
RequestParser::Progress RequestParser::ParseHead(ByteBuffer& in) {
  if (parsed_ == 0) {
    // Skip empty lines before a request (RFC 9112, 2.2); they are not part of it. Only CRLF counts: llhttp would also
    // skip a lone CR and a lone LF.
    in.Consume(SizeOfEmptyLines(in.view()));
    if (in.empty()) return Progress::kNeedBytes;
    if (in.data()[0] == '\n') return Fail(400, kBareLf);
    if (in.data()[0] == '\r') {
      if (in.size() == 1) return Progress::kNeedBytes;
      return Fail(400, "the request line is malformed");
    }
  }
  llhttp_->data = this;
  // Scan at most one byte beyond the limit, so that the result does not depend on how many bytes arrived.
  const size_t end = std::min(in.size(), limits_->max_head + 1);
  const int result = ExecuteLlhttp(in.data(), end);
  if (result == HPE_OK) {
    parsed_ = end;
    return parsed_ > limits_->max_head ? TooLong() : Progress::kNeedBytes;
  }
  head_end_ = static_cast<size_t>(llhttp_get_error_pos(llhttp_.get()) - in.data());
  if (head_end_ > limits_->max_head) return TooLong();
  if (result == HPE_INVALID_CONTENT_LENGTH && in.data()[head_end_] == '\t') {
    // llhttp accepts spaces after a length, but not the tabs that RFC 9110, 5.6.3 also allows. Replace the whole run by
    // spaces and parse again.
    for (size_t at = head_end_; at < end && (in.data()[at] == '\t' || in.data()[at] == ' '); ++at) {
      in.data()[at] = ' ';
    }
    Reset();
    return ParseHead(in);
  }
  if (result != HPE_PAUSED) return FailAsLlhttp(in.view().substr(0, head_end_ + 1));
  parsed_ = head_end_;
  return AcceptHead(in.view().substr(0, head_end_)) ? Progress::kRequest : Progress::kError;
}

// Feeds the head's bytes from parsed_ to `end` to llhttp. Replaces each tab in a header line by a space: both mean the
// same (RFC 9110, 5.6.3), but llhttp rejects a tab after Content-Length, Transfer-Encoding and Connection.
int RequestParser::ExecuteLlhttp(char* head, size_t end) {
  base_ = head;
  size_t begin = parsed_;
  while (true) {
    const void* found = std::memchr(head + begin, '\t', end - begin);
    // Parse up to the tab first: only that shows whether the tab belongs to the head.
    const size_t tab = found == nullptr ? end : static_cast<const char*>(found) - head;
    const llhttp_errno_t result = llhttp_execute(llhttp_.get(), head + parsed_, tab - parsed_);
    if (result != HPE_OK || tab == end) return result;
    if (span_ == Span::kName || span_ == Span::kValue) head[tab] = ' ';
    parsed_ = tab;
    begin = tab + 1;
  }
}

RequestParser::Progress RequestParser::ParseBody(ByteBuffer& in) {
  if (phase_ == Phase::kLengthBody) {
    if (in.size() - head_end_ < content_length_) {
      parsed_ = in.size();
      return Progress::kNeedBytes;
    }
    consumed_ = head_end_ + static_cast<size_t>(content_length_);
    FillRequest(in, in.view().substr(head_end_, static_cast<size_t>(content_length_)));
    return Progress::kRequest;
  }
  char* const body = in.data() + head_end_;
  const ChunkedDecoder::Step step =
      chunks_.Decode(in.data() + parsed_, in.size() - parsed_, body + body_);
  body_ += step.written;
  switch (step.state) {
    case ChunkedDecoder::State::kMore:
      // The bytes after the decoded body have been scanned: the next bytes may overwrite them.
      parsed_ = head_end_ + body_;
      if (step.read > 0) expects_continue_ = false;
      in.Truncate(parsed_);
      return Progress::kNeedBytes;
    case ChunkedDecoder::State::kDone:
      consumed_ = parsed_ + step.read;
      FillRequest(in, {body, body_});
      return Progress::kRequest;
    case ChunkedDecoder::State::kMalformed:
      return Fail(400, "the chunked body is malformed");
    case ChunkedDecoder::State::kBodyTooLarge:
      return Fail(413, "the body is larger than this server accepts");
    case ChunkedDecoder::State::kOverheadTooLarge:
      return Fail(431, "chunk extensions and trailers are larger than this server accepts");
  }
  return Fail(500, "internal error: the chunked body has an unknown state");
}

RequestParser::Progress RequestParser::Fail(int status, std::string_view reason) {
  error_ = {status, reason};
  return Progress::kError;
}

RequestParser::Progress RequestParser::TooLong() {
  const bool in_target = span_ == Span::kNone || span_ == Span::kTarget;
  return in_target ? Fail(414, "the request target is longer than this server accepts")
                   : Fail(431, "the request head is larger than this server accepts");
}

RequestParser::Progress RequestParser::FailAsLlhttp(std::string_view read) {
  switch (llhttp_get_errno(llhttp_.get())) {
    case HPE_PAUSED_H2_UPGRADE:
      return Fail(505, "HTTP/2 is not served here");
    case HPE_INVALID_METHOD: {
      // An unknown but well-formed method is 501 (RFC 9110, 15.6.2); any other text is 400.
      const std::string_view word = read.substr(0, read.find(' '));
      const bool is_token = !word.empty() && std::all_of(word.begin(), word.end(), IsTokenChar);
      return is_token ? Fail(501, "the method is not implemented")
                      : Fail(400, "the request line is malformed");
    }
    case HPE_INVALID_URL:
      return Fail(400, "the request target is malformed");
    case HPE_INVALID_VERSION:
    case HPE_INVALID_CONSTANT:
      return Fail(400, "the protocol version is malformed");
    case HPE_INVALID_CONTENT_LENGTH:
      return Fail(400, "Content-Length is not a number or is too large");
    case HPE_UNEXPECTED_CONTENT_LENGTH:
      return Fail(400, "Content-Length occurs twice or together with Transfer-Encoding");
    case HPE_INVALID_TRANSFER_ENCODING:
      return Fail(400, "Transfer-Encoding must end in one \"chunked\"");
    case HPE_INVALID_HEADER_TOKEN:
    case HPE_UNEXPECTED_SPACE:
      return Fail(400, "a header line is malformed");
    default:
      return Fail(400, "the request is malformed");
  }
}

bool RequestParser::AcceptHead(std::string_view head) {
  switch (llhttp_->method) {
    case HTTP_GET:
      method_ = HttpMethod::kGet;
      break;
    case HTTP_HEAD:
      method_ = HttpMethod::kHead;
      break;
    case HTTP_POST:
      method_ = HttpMethod::kPost;
      break;
    case HTTP_OPTIONS:
      method_ = HttpMethod::kOptions;
      break;
    case HTTP_CONNECT:
      Fail(501, "the method is not implemented");
      return false;
    default:
      method_ = HttpMethod::kOther;
  }
  return AcceptTarget(head) && AcceptFields(head);
}

bool RequestParser::AcceptTarget(std::string_view head) {
  const std::string_view target = target_.In(head.data());
  if (target.size() > limits_->max_head / 2) {
    Fail(414, "the request target is longer than this server accepts");
    return false;
  }
  // llhttp skips further spaces, and accepts protocols other than HTTP.
  const bool one_space = target_.begin >= 2 && head[target_.begin - 2] != ' ';
  if (!one_space || head.substr(target_.end, 6) != " HTTP/") {
    Fail(400, "the request line is malformed");
    return false;
  }
  if (llhttp_->http_major != 1) {
    Fail(505, "only HTTP/1.1 and HTTP/1.0 are served here");
    return false;
  }
  http_1_0_ = llhttp_->http_minor == 0;
  const std::optional<RequestTarget> parsed = ParseTarget(method_, target);
  if (!parsed.has_value()) {
    Fail(400, "the request target is malformed");
    return false;
  }
  if (parsed->https) {
    // RFC 9110, 7.4: https must not be served over an unsecured connection.
    Fail(421, "https is not served without TLS");
    return false;
  }
  decoded_path_.clear();
  if (parsed->encoded) decoded_path_ = DecodePath(parsed->path);
  const auto offsets = [&](std::string_view piece, Piece fallback) -> Piece {
    if (piece.data() < head.data() || piece.data() > head.data() + head.size()) return fallback;
    const auto begin = static_cast<uint32_t>(piece.data() - head.data());
    return {begin, begin + static_cast<uint32_t>(piece.size())};
  };
  path_ = offsets(parsed->path, {});
  query_ = offsets(parsed->query, {});
  if (path_.begin == path_.end) decoded_path_ = parsed->path;  // "http://host": a constant "/".
  return true;
}

bool RequestParser::AcceptFields(std::string_view head) {
  const auto fail = [this](int status, std::string_view reason) {
    Fail(status, reason);
    return false;
  };
  // " HTTP/1.1" has nine characters.
  const bool crlf = head.substr(target_.end + 9, 2) == "\r\n" && head.ends_with("\r\n\r\n");
  if (!crlf) return fail(400, kBareLf);
  int hosts = 0;
  bool chunked = false;
  bool expects = false;
  ConnectionOptions connection;
  for (Field& field : fields_) {
    const std::string_view name = field.name.In(head.data());
    const std::string_view value = TrimBlanks(field.value.In(head.data()));
    field.value.end = field.value.begin + static_cast<uint32_t>(value.size());
    if (head[field.name.begin - 1] != '\n' || head[field.name.begin - 2] != '\r') {
      return fail(400, kBareLf);
    }
    // llhttp also skips a line break before the value.
    const Piece gap{field.name.end, field.value.begin};
    if (gap.end - gap.begin > 2 && !value.empty() && gap.In(head.data()).find('\r') != head.npos) {
      folded_ = true;
    }
    switch (name.size()) {
      case 0:
        return fail(400, "a header line has no name");
      case 4:
        if (!EqualsIgnoringCase(name, "host")) break;
        if (++hosts > 1) return fail(400, "Host occurs twice");
        if (!IsValidHost(value)) return fail(400, "Host is malformed");
        break;
      case 6:
        if (!EqualsIgnoringCase(name, "expect") || http_1_0_) break;
        if (!EqualsIgnoringCase(value, "100-continue")) {
          return fail(417, "the only expectation understood is 100-continue");
        }
        expects = true;
        break;
      case 10:
        if (EqualsIgnoringCase(name, "connection")) AddConnectionOptions(value, connection);
        break;
      case 17: {
        if (!EqualsIgnoringCase(name, "transfer-encoding")) break;
        if (http_1_0_) return fail(400, "HTTP/1.0 has no Transfer-Encoding");
        if (chunked) return fail(400, "Transfer-Encoding occurs twice");
        if (const std::optional<HttpError> error = CheckTransferEncoding(value)) {
          return fail(error->status, error->reason);
        }
        chunked = true;
        break;
      }
      default:
        break;
    }
  }
  if (folded_) return fail(400, "a header line is continued on the next one");
  if (hosts == 0 && !http_1_0_) return fail(400, "Host is missing");
  // Not llhttp's own rule, which prefers keep-alive and treats Proxy-Connection as Connection (RFC 9112, 9.3).
  keep_alive_ = !connection.close && (!http_1_0_ || connection.keep_alive);
  return BeginBody(chunked, expects);
}

bool RequestParser::BeginBody(bool chunked, bool expects) {
  if (chunked) {
    phase_ = Phase::kChunkedBody;
    chunks_.Reset(limits_->max_body, limits_->max_head);
    expects_continue_ = expects;
    return true;
  }
  phase_ = Phase::kLengthBody;
  const bool has_length = (llhttp_->flags & F_CONTENT_LENGTH) != 0;
  content_length_ = has_length ? llhttp_->content_length : 0;  // RFC 9112, 6.3: also for POST.
  if (content_length_ > limits_->max_body) {
    Fail(413, "the body is larger than this server accepts");
    return false;
  }
  expects_continue_ = expects && content_length_ > 0;
  return true;
}

void RequestParser::FillRequest(const ByteBuffer& in, std::string_view body) {
  const char* const bytes = in.data();
  request_.method = method_;
  request_.path = decoded_path_.empty() ? path_.In(bytes) : std::string_view(decoded_path_);
  request_.query = query_.In(bytes);
  request_.body = body;
  request_.headers.resize(fields_.size());
  for (size_t i = 0; i < fields_.size(); ++i) {
    request_.headers[i] = {.name = fields_[i].name.In(bytes), .value = fields_[i].value.In(bytes)};
  }
}

}  // namespace assay::server

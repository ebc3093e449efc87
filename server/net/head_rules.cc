#include "server/net/head_rules.h"

#include <algorithm>
#include <array>

namespace assay {
namespace {

// Letters, digits and `others`.
constexpr std::array<bool, 256> CharSet(std::string_view others) {
  std::array<bool, 256> is = {};
  for (int c = '0'; c <= '9'; ++c) is[c] = true;
  for (int c = 'a'; c <= 'z'; ++c) is[c] = is[c - 'a' + 'A'] = true;
  for (const char c : others) is[static_cast<unsigned char>(c)] = true;
  return is;
}

constexpr std::array<bool, 256> kTokenChars = CharSet("!#$%&'*+-.^_`|~");
// reg-name of RFC 3986: unreserved, sub-delims and percent-encoding.
constexpr std::array<bool, 256> kHostChars = CharSet("-._~!$&'()*+,;=%");
// IPv6 with an IPv4 tail, and IPvFuture.
constexpr std::array<bool, 256> kBracketedChars = CharSet(":.-_~");

int HexDigit(unsigned char c) {
  if (c >= '0' && c <= '9') return c - '0';
  c |= 0x20;
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool IsHex(unsigned char c) { return HexDigit(c) >= 0; }

// Whether every '%' is followed by two hexadecimal digits.
bool IsPercentEncoded(std::string_view text) {
  for (size_t at = text.find('%'); at != text.npos; at = text.find('%', at + 3)) {
    if (at + 2 >= text.size() || !IsHex(text[at + 1]) || !IsHex(text[at + 2])) return false;
  }
  return true;
}

std::string_view Trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// "http://HOST[:PORT]/path": what follows the authority, or nothing when that is not its shape.
std::optional<std::string_view> AfterAuthority(std::string_view target) {
  const size_t colon = target.find("://");
  if (colon == target.npos) return std::nullopt;
  const std::string_view scheme = target.substr(0, colon);
  if (!EqualsIgnoringCase(scheme, "http") && !EqualsIgnoringCase(scheme, "https")) {
    return std::nullopt;
  }
  target.remove_prefix(colon + 3);
  const size_t end = std::min(target.find_first_of("/?"), target.size());
  const std::string_view authority = target.substr(0, end);
  // RFC 9110, 4.2.1: an empty host is invalid. '@' is no character of a host: user information.
  if (authority.empty() || authority.front() == ':' || !IsValidHost(authority)) return std::nullopt;
  return target.substr(end);
}

}  // namespace

bool IsTokenChar(unsigned char c) { return kTokenChars[c]; }

bool IsFieldValueChar(unsigned char c) { return (c >= 0x20 && c != 0x7f) || c == '\t'; }

bool IsValidHost(std::string_view host) {
  if (!host.empty() && host.front() == '[') {
    const size_t end = host.find(']');
    if (end == host.npos || end == 1) return false;
    for (const unsigned char c : host.substr(1, end - 1)) {
      if (!kBracketedChars[c]) return false;
    }
    host.remove_prefix(end + 1);
    if (!host.empty() && host.front() != ':') return false;
  } else {
    size_t end = 0;
    bool encoded = false;
    for (; end < host.size() && host[end] != ':'; ++end) {
      const auto c = static_cast<unsigned char>(host[end]);
      if (!kHostChars[c]) return false;
      encoded |= c == '%';
    }
    if (encoded && !IsPercentEncoded(host.substr(0, end))) return false;
    host.remove_prefix(end);
  }
  if (!host.empty()) host.remove_prefix(1);
  for (const unsigned char c : host) {
    if (c < '0' || c > '9') return false;
  }
  return true;
}

std::optional<RequestTarget> ParseTarget(HttpMethod method, std::string_view target) {
  if (target == "*") {
    if (method != HttpMethod::kOptions) return std::nullopt;
    return RequestTarget{.path = target, .query = {}};
  }
  if (target.empty()) return std::nullopt;
  if (target.front() != '/') {
    const std::optional<std::string_view> rest = AfterAuthority(target);
    if (!rest.has_value()) return std::nullopt;
    target = *rest;
  }
  size_t end = target.size();
  bool encoded = false;
  for (size_t i = 0; i < target.size(); ++i) {
    // A client that sends its fragment is broken (RFC 9112, 3.2).
    if (target[i] == '#') return std::nullopt;
    if (target[i] == '?' && end == target.size()) end = i;
    encoded |= target[i] == '%';
  }
  if (encoded && !IsPercentEncoded(target)) return std::nullopt;
  RequestTarget parsed{.path = target.substr(0, end), .query = {}};
  if (end < target.size()) parsed.query = target.substr(end + 1);
  if (parsed.path.empty()) parsed.path = method == HttpMethod::kOptions ? "*" : "/";
  return parsed;
}

std::string PercentDecode(std::string_view text) {
  std::string decoded;
  decoded.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      decoded.push_back(static_cast<char>(HexDigit(text[i + 1]) * 16 + HexDigit(text[i + 2])));
      i += 2;
    } else {
      decoded.push_back(text[i]);
    }
  }
  return decoded;
}

std::optional<HttpError> CheckTransferEncoding(std::string_view value) {
  static constexpr HttpError kNotLast{400, "Transfer-Encoding must end in one \"chunked\""};
  bool chunked = false;
  bool others = false;
  while (true) {
    const size_t comma = value.find(',');
    const std::string_view coding = Trim(value.substr(0, comma));
    // RFC 9110, 5.6.1: empty elements of a list are skipped.
    if (!coding.empty()) {
      if (chunked) return kNotLast;
      if (EqualsIgnoringCase(coding, "chunked")) {
        chunked = true;
      } else {
        others = true;
      }
    }
    if (comma == value.npos) break;
    value.remove_prefix(comma + 1);
  }
  if (!chunked) return kNotLast;
  if (others) return HttpError{501, "the only transfer coding understood is chunked"};
  return std::nullopt;
}

}  // namespace assay

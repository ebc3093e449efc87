#include "server/net/head_rules.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace assay::server {
namespace {

using CharSet = std::array<bool, 256>;

// Letters, digits and the characters of `others`.
constexpr CharSet AlphanumericAnd(std::string_view others) {
  CharSet is = {};
  for (int c = '0'; c <= '9'; ++c) is[c] = true;
  for (int c = 'a'; c <= 'z'; ++c) is[c] = is[c - 'a' + 'A'] = true;
  for (const char c : others) is[static_cast<unsigned char>(c)] = true;
  return is;
}

// All characters except those of `excluded`.
constexpr CharSet AllBut(std::string_view excluded) {
  CharSet is = {};
  for (bool& each : is) each = true;
  for (const char c : excluded) is[static_cast<unsigned char>(c)] = false;
  return is;
}

constexpr CharSet kTokenChars = AlphanumericAnd("!#$%&'*+-.^_`|~");
// reg-name of RFC 3986: unreserved and sub-delims, without and with percent-encoding.
constexpr CharSet kPlainHostChars = AlphanumericAnd("-._~!$&'()*+,;=");
constexpr CharSet kHostChars = AlphanumericAnd("-._~!$&'()*+,;=%");
// The characters that may follow the version of an IPvFuture.
constexpr CharSet kFutureAddressChars = AlphanumericAnd("-._~!$&'()*+,;=:");
// Characters without a special meaning in a target.
constexpr CharSet kPlainTargetChars = AllBut("#%?");

// The number of characters of `set` at the start of the text.
size_t LengthOf(const CharSet& set, std::string_view text) {
  const auto* const begin = reinterpret_cast<const unsigned char*>(text.data());
  const auto* const end = begin + text.size();
  const auto* at = begin;
  while (at != end && set[*at]) ++at;
  return static_cast<size_t>(at - begin);
}

int HexDigit(unsigned char c) {
  if (c >= '0' && c <= '9') return c - '0';
  c |= 0x20;
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool IsHex(unsigned char c) { return HexDigit(c) >= 0; }

// Whether two hexadecimal digits follow each '%'.
bool IsPercentEncoded(std::string_view text) {
  for (size_t at = text.find('%'); at != text.npos; at = text.find('%', at + 3)) {
    if (at + 2 >= text.size() || !IsHex(text[at + 1]) || !IsHex(text[at + 2])) return false;
  }
  return true;
}

// The text between brackets, RFC 3986, 3.2.2.
bool IsIpLiteral(std::string_view text) {
  if (!text.empty() && (text.front() | 0x20) == 'v') {
    const size_t dot = text.find('.');
    if (dot == text.npos || dot == 1 || dot + 1 == text.size()) return false;
    const std::string_view version = text.substr(1, dot - 1);
    const std::string_view address = text.substr(dot + 1);
    return std::all_of(version.begin(), version.end(), IsHex) &&
           std::all_of(address.begin(), address.end(),
                       [](unsigned char c) { return kFutureAddressChars[c]; });
  }
  char terminated[INET6_ADDRSTRLEN];
  // inet_pton() would stop at a NUL in the text.
  if (text.size() >= sizeof(terminated) || text.find('\0') != text.npos) return false;
  std::memcpy(terminated, text.data(), text.size());
  terminated[text.size()] = '\0';
  in6_addr address;
  return inet_pton(AF_INET6, terminated, &address) == 1;
}

// For "http://HOST[:PORT]/path": the text after the authority. Nullopt for any other form.
std::optional<std::string_view> AfterAuthority(std::string_view target, bool& https) {
  const size_t colon = target.find("://");
  if (colon == target.npos) return std::nullopt;
  const std::string_view scheme = target.substr(0, colon);
  https = EqualsIgnoringCase(scheme, "https");
  if (!https && !EqualsIgnoringCase(scheme, "http")) return std::nullopt;
  target.remove_prefix(colon + 3);
  const size_t end = std::min(target.find_first_of("/?"), target.size());
  const std::string_view authority = target.substr(0, end);
  // RFC 9110, 4.2.1: an empty host is invalid. A host has no '@': that is user information.
  if (authority.empty() || authority.front() == ':' || !IsValidHost(authority)) return std::nullopt;
  return target.substr(end);
}

}  // namespace

bool IsTokenChar(unsigned char c) { return kTokenChars[c]; }

bool IsFieldValueChar(unsigned char c) { return (c >= 0x20 && c != 0x7f) || c == '\t'; }

std::string_view TrimBlanks(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

size_t SizeOfEmptyLines(std::string_view text) {
  size_t at = 0;
  while (true) {
    const std::string_view rest = text.substr(at);
    if (!rest.starts_with("\r\n")) return at;
    at += 2;
  }
}

bool IsValidHost(std::string_view host) {
  if (!host.empty() && host.front() == '[') {
    const size_t end = host.find(']');
    if (end == host.npos || !IsIpLiteral(host.substr(1, end - 1))) return false;
    host.remove_prefix(end + 1);
    if (!host.empty() && host.front() != ':') return false;
  } else {
    const size_t end = LengthOf(kPlainHostChars, host);
    host.remove_prefix(end);
    if (!host.empty() && host.front() == '%') {
      const size_t encoded = LengthOf(kHostChars, host);
      if (!IsPercentEncoded(host.substr(0, encoded))) return false;
      host.remove_prefix(encoded);
    }
    if (!host.empty() && host.front() != ':') return false;
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
  bool https = false;
  if (target.front() != '/') {
    const std::optional<std::string_view> rest = AfterAuthority(target, https);
    if (!rest.has_value()) return std::nullopt;
    target = *rest;
  }
  const size_t plain = LengthOf(kPlainTargetChars, target);
  size_t end = plain;
  if (plain < target.size()) {
    const std::string_view rest = target.substr(plain);
    // A client that sends its fragment is broken (RFC 9112, 3.2).
    if (rest.find('#') != rest.npos || !IsPercentEncoded(rest)) return std::nullopt;
    end = std::min(target.find('?', plain), target.size());
  }
  RequestTarget parsed{
      .path = target.substr(0, end), .query = {}, .encoded = plain < end, .https = https};
  if (end < target.size()) parsed.query = target.substr(end + 1);
  if (parsed.path.empty()) parsed.path = method == HttpMethod::kOptions ? "*" : "/";
  return parsed;
}

std::string DecodePath(std::string_view path) {
  std::string decoded;
  decoded.reserve(path.size());
  for (size_t i = 0; i < path.size(); ++i) {
    if (path[i] != '%') {
      decoded.push_back(path[i]);
      continue;
    }
    const auto c = static_cast<char>(HexDigit(path[i + 1]) * 16 + HexDigit(path[i + 2]));
    if (c == '/') {
      decoded.append("%2F");
    } else {
      decoded.push_back(c);
    }
    i += 2;
  }
  return decoded;
}

void AddConnectionOptions(std::string_view value, ConnectionOptions& options) {
  while (true) {
    const size_t comma = value.find(',');
    const std::string_view option = TrimBlanks(value.substr(0, comma));
    if (EqualsIgnoringCase(option, "close")) options.close = true;
    if (EqualsIgnoringCase(option, "keep-alive")) options.keep_alive = true;
    if (comma == value.npos) return;
    value.remove_prefix(comma + 1);
  }
}

std::optional<HttpError> CheckTransferEncoding(std::string_view value) {
  static constexpr HttpError kNotLast{400, "Transfer-Encoding must end in one \"chunked\""};
  bool chunked = false;
  bool others = false;
  while (true) {
    const size_t comma = value.find(',');
    const std::string_view coding = TrimBlanks(value.substr(0, comma));
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

}  // namespace assay::server

#include "common/http_url.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <charconv>
#include <system_error>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "common/status_macros.h"

namespace assay {
namespace {

constexpr size_t kMaxHost = 253;
constexpr size_t kMaxTarget = 8192;

// Not a search for "://" alone: a query may contain a URL.
size_t SchemeEnd(std::string_view text) {
  const size_t end = text.find("://");
  return end < text.find_first_of("/?#@") ? end : std::string_view::npos;
}

bool IsNameCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '-' || c == '_';
}

bool IsHost(std::string_view host) {
  return !host.empty() && host.size() <= kMaxHost && host != "." &&
         std::all_of(host.begin(), host.end(), IsNameCharacter);
}

// "fe80::1" or "fe80::1%ZONE".
bool IsV6(const std::string& host) {
  const size_t end = std::min(host.find('%'), host.size());
  const std::string_view zone = std::string_view(host).substr(end);
  in6_addr address;
  return inet_pton(AF_INET6, host.substr(0, end).c_str(), &address) == 1 &&
         (zone.empty() || IsHost(zone.substr(1)));
}

absl::StatusOr<int> ParsePort(std::string_view text) {
  int port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size() || port < 1 || port > 65535) {
    return absl::InvalidArgumentError(
        absl::StrCat("'", std::string(text), "' is not a port (1 to 65535)"));
  }
  return port;
}

}  // namespace

std::string HttpUrl::Authority() const {
  HttpUrl without = *this;
  without.host.resize(std::min(host.find('%'), host.size()));
  return without.HostAndPort();
}

std::string HttpUrl::HostAndPort() const {
  const bool v6 = host.find(':') != std::string::npos;
  return v6 ? absl::StrCat("[", host, "]:", port) : absl::StrCat(host, ":", port);
}

bool HasScheme(std::string_view text) { return SchemeEnd(text) != std::string_view::npos; }

absl::StatusOr<HttpUrl> ParseAuthority(std::string_view authority, int default_port) {
  if (authority.find('@') != std::string_view::npos) {
    return absl::InvalidArgumentError(
        "a user name or password in a URL is not sent; give it as the header "
        "'Authorization: Basic ...'");
  }
  HttpUrl url;
  std::string_view port;
  const bool bracketed = !authority.empty() && authority.front() == '[';
  if (bracketed) {
    const size_t end = authority.find(']');
    if (end == std::string_view::npos) return absl::InvalidArgumentError("'[' without ']'");
    // RFC 6874: a URL writes the '%' before a zone as %25; command lines of other programs write '%'.
    url.host =
        absl::StrReplaceAll(absl::string_view(authority.data() + 1, end - 1), {{"%25", "%"}});
    port = authority.substr(end + 1);
    if (!port.empty() && port.front() != ':') {
      return absl::InvalidArgumentError("']' is not followed by ':'");
    }
  } else {
    const size_t colon = authority.find(':');
    if (colon != authority.rfind(':')) {
      return absl::InvalidArgumentError("an IPv6 address needs brackets");
    }
    url.host = authority.substr(0, colon);
    if (colon != std::string_view::npos) port = authority.substr(colon);
  }
  if (url.host.empty()) return absl::InvalidArgumentError("no host");
  if (bracketed && !IsV6(url.host)) {
    return absl::InvalidArgumentError("no IPv6 address between '[' and ']'");
  }
  if (!bracketed && !IsHost(url.host)) {
    return absl::InvalidArgumentError(
        "the host has characters other than ASCII letters, digits, '.', '-' and '_' "
        "(write an international name as xn--...)");
  }
  url.port = default_port;
  if (port.size() > 1) {
    ASSAY_ASSIGN_OR_RETURN(url.port, ParsePort(port.substr(1)));
  }
  if (url.port == 0) return absl::InvalidArgumentError("no port");
  return url;
}

absl::StatusOr<HttpUrl> ParseHttpUrl(std::string_view text) {
  const size_t scheme = SchemeEnd(text);
  if (scheme == std::string_view::npos) return absl::InvalidArgumentError("no http:// or https://");
  const absl::string_view name(text.data(), scheme);
  const bool tls = absl::EqualsIgnoreCase(name, "https");
  if (!tls && !absl::EqualsIgnoreCase(name, "http")) {
    return absl::InvalidArgumentError("only http:// and https:// are supported");
  }
  text.remove_prefix(scheme + 3);
  text = text.substr(0, text.find('#'));
  const size_t end = std::min(text.find_first_of("/?"), text.size());
  ASSAY_ASSIGN_OR_RETURN(HttpUrl url, ParseAuthority(text.substr(0, end), tls ? 443 : 80));
  url.tls = tls;
  url.path = text.substr(end);
  if (url.path.empty()) return url;
  if (url.path.front() == '?') url.path.insert(0, 1, '/');
  ASSAY_RETURN_IF_ERROR(CheckRequestTarget(url.path));
  return url;
}

std::string WithoutUserinfo(std::string_view url) {
  const size_t scheme = SchemeEnd(url);
  const size_t begin = scheme == std::string_view::npos ? 0 : scheme + 3;
  const std::string_view authority = url.substr(begin, url.find_first_of("/?#", begin) - begin);
  // A password may contain a character that a URL would write as %2F.
  const size_t at =
      authority.find('@') == std::string_view::npos ? url.rfind('@') : begin + authority.rfind('@');
  if (at == std::string_view::npos || at < begin) return std::string(url);
  return absl::StrCat(std::string(url.substr(0, begin)), "...", std::string(url.substr(at)));
}

bool IsServerName(std::string_view name) {
  if (!IsHost(name)) return false;
  // Only an IP address ends in a label of digits.
  if (name.back() == '.') name.remove_suffix(1);
  const std::string_view last = name.substr(name.rfind('.') + 1);
  return !last.empty() &&
         !std::all_of(last.begin(), last.end(), [](char c) { return c >= '0' && c <= '9'; });
}

absl::Status CheckRequestTarget(std::string_view path) {
  if (path.empty() || path.front() != '/') {
    return absl::InvalidArgumentError("the path does not begin with a slash");
  }
  if (path.size() > kMaxTarget) {
    return absl::InvalidArgumentError(
        absl::StrCat("the path is ", path.size(), " bytes long; at most ", kMaxTarget));
  }
  if (!std::all_of(path.begin(), path.end(),
                   [](char c) { return c > ' ' && c < 0x7f && c != '#'; })) {
    return absl::InvalidArgumentError(
        "the path has a space, a control character, '#' or a character beyond ASCII; encode it, "
        "such as a space as %20");
  }
  return absl::OkStatus();
}

}  // namespace assay

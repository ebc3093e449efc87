#include "controller/plan/target_url.h"

#include <charconv>
#include <cstddef>
#include <system_error>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace assay {
namespace {

bool IsPort(std::string_view text) {
  int port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc() && end == text.data() + text.size() && port >= 1 && port <= 65535;
}

// Letters, digits, dots and hyphens; colons too inside the brackets of IPv6.
bool IsHost(std::string_view text) {
  const bool bracketed = text.size() > 2 && text.front() == '[' && text.back() == ']';
  const std::string_view inside = bracketed ? text.substr(1, text.size() - 2) : text;
  if (inside.empty() || inside.size() > 253) return false;
  for (const char c : inside) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '.' || c == '-' || c == '_';
    if (!plain && !(bracketed && c == ':')) return false;
  }
  return true;
}

absl::Status Malformed(std::string_view url, std::string_view why) {
  return absl::InvalidArgumentError(
      absl::StrCat("\"", std::string(url), "\" ", std::string(why),
                   "; expected http://HOST:PORT, such as http://127.0.0.1:8080"));
}

}  // namespace

bool IsTargetUrl(std::string_view word) { return word.find("://") != std::string_view::npos; }

absl::StatusOr<TargetUrl> ParseTargetUrl(std::string_view url) {
  absl::string_view rest = {url.data(), url.size()};
  TargetUrl parsed;
  parsed.tls = absl::ConsumePrefix(&rest, "https://");
  if ((!parsed.tls && !absl::ConsumePrefix(&rest, "http://")) || rest.empty()) {
    return Malformed(url, "does not begin with http:// or https:// and a host");
  }
  absl::ConsumeSuffix(&rest, "/");
  if (absl::StrContains(rest, '/')) {
    return Malformed(url, "has a path, which belongs into the workload");
  }
  parsed.address = std::string(rest);
  const std::string_view address = parsed.address;
  const size_t colon = address.rfind(':');
  if (colon == std::string_view::npos || !IsHost(address.substr(0, colon)) ||
      !IsPort(address.substr(colon + 1))) {
    return Malformed(url, "has no host and port");
  }
  return parsed;
}

}  // namespace assay

#include "agent/loadgen/target_address.h"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <cstddef>
#include <cstring>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "common/http_url.h"
#include "common/status_macros.h"

namespace assay::loadgen {
namespace {

absl::Status Malformed(std::string_view text, std::string_view reason) {
  return absl::InvalidArgumentError(absl::StrCat(
      "target '", WithoutUserinfo(text), "': ", std::string(reason),
      "; expected HOST:PORT, [V6]:PORT, unix:PATH, http://HOST:PORT/path or https://"));
}

absl::Status SetUnixPath(std::string_view path, TargetAddress& target) {
  sockaddr_un address{};
  if (path.empty()) return Malformed(target.text, "no socket path after 'unix:'");
  if (path.size() >= sizeof(address.sun_path)) {
    return Malformed(target.text, absl::StrCat("the socket path is longer than ",
                                               sizeof(address.sun_path) - 1, " bytes"));
  }
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  std::memcpy(&target.place.address, &address, sizeof(address));
  target.place.length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + 1);
  target.host = target.authority = "localhost";
  return absl::OkStatus();
}

bool IsLocalhost(absl::string_view host) {
  absl::ConsumeSuffix(&host, ".");
  return absl::EqualsIgnoreCase(host, "localhost");
}

absl::Status Resolve(const HttpUrl& where, TargetAddress& target) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const std::string port = absl::StrCat(where.port);
  int error = getaddrinfo(where.host.c_str(), port.c_str(), &hints, &found);
  // It means the loopback whatever the resolver knows (RFC 6761, 6.3), which may be nothing where there is no /etc/hosts.
  if (error != 0 && IsLocalhost(where.host)) {
    error = getaddrinfo(nullptr, port.c_str(), &hints, &found);
  }
  if (error != 0) {
    return absl::UnavailableError(
        absl::StrCat("target '", target.text, "': ", where.host, ": ", gai_strerror(error)));
  }
  for (const addrinfo* one = found; one != nullptr; one = one->ai_next) {
    TargetAddress::Place place;
    std::memcpy(&place.address, one->ai_addr, one->ai_addrlen);
    place.length = one->ai_addrlen;
    if (one == found) {
      target.place = place;
    } else {
      target.others.push_back(place);
    }
  }
  freeaddrinfo(found);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<TargetAddress> TargetAddress::Parse(std::string_view text) {
  TargetAddress target;
  target.text = text;
  if (text.starts_with("unix:")) {
    ASSAY_RETURN_IF_ERROR(SetUnixPath(text.substr(5), target));
    return target;
  }
  const bool is_url = HasScheme(text);
  absl::StatusOr<HttpUrl> where = is_url ? ParseHttpUrl(text) : ParseAuthority(text, 0);
  if (!where.ok()) {
    const absl::string_view why = where.status().message();
    const bool path = !is_url && text.find_first_of("/?#") != std::string_view::npos;
    return Malformed(text, path ? "a path needs http:// before the host"
                                : std::string_view(why.data(), why.size()));
  }
  target.tls = where->tls;
  target.path = std::move(where->path);
  target.host = where->host;
  const int default_port = !is_url ? 0 : where->tls ? 443 : 80;
  target.authority = where->Authority();
  if (where->port == default_port) target.authority.resize(target.authority.rfind(':'));
  ASSAY_RETURN_IF_ERROR(Resolve(*where, target));
  return target;
}

}  // namespace assay::loadgen

#include "agent/loadgen/target_address.h"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <cstddef>
#include <cstring>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/status_macros.h"

namespace assay::loadgen {
namespace {

absl::Status Malformed(std::string_view text, std::string_view reason) {
  return absl::InvalidArgumentError(absl::StrCat(
      "target '", std::string(text), "': ", std::string(reason),
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

struct HostAndPort {
  std::string host;
  int port = 0;  // 0: not given.
};

absl::StatusOr<HostAndPort> SplitHostAndPort(std::string_view text, std::string_view authority) {
  HostAndPort result;
  std::string_view port;
  if (!authority.empty() && authority[0] == '[') {
    const size_t end = authority.find(']');
    if (end == std::string_view::npos) return Malformed(text, "'[' without ']'");
    result.host = authority.substr(1, end - 1);
    port = authority.substr(end + 1);
    if (!port.empty() && port[0] != ':') return Malformed(text, "']' is not followed by ':'");
  } else {
    const size_t colon = authority.find(':');
    if (colon != authority.rfind(':')) {
      return Malformed(text, "an IPv6 address stands in brackets");
    }
    result.host = authority.substr(0, colon);
    if (colon != std::string_view::npos) port = authority.substr(colon);
  }
  if (result.host.empty()) return Malformed(text, "no host");
  if (port.empty()) return result;
  port.remove_prefix(1);
  if (!absl::SimpleAtoi(absl::string_view(port.data(), port.size()), &result.port) ||
      result.port < 1 || result.port > 65535) {
    return Malformed(text, absl::StrCat("'", std::string(port), "' is not a port (1 to 65535)"));
  }
  return result;
}

absl::Status Resolve(const HostAndPort& where, TargetAddress& target) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const std::string port = absl::StrCat(where.port);
  int error = getaddrinfo(where.host.c_str(), port.c_str(), &hints, &found);
  // It means the loopback whatever the resolver knows (RFC 6761, 6.3), which may be nothing where there is no /etc/hosts.
  if (error != 0 && where.host == "localhost") {
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
  int default_port = 0;
  std::string_view authority = text;
  if (text.starts_with("http://")) {
    authority.remove_prefix(7);
    default_port = 80;
  } else if (text.starts_with("https://")) {
    authority.remove_prefix(8);
    default_port = 443;
    target.tls = true;
  } else if (text.find("://") != std::string_view::npos) {
    return Malformed(text, "only http:// and https:// are spoken");
  }
  if (const size_t slash = authority.find('/'); slash != std::string_view::npos) {
    if (default_port == 0) return Malformed(text, "a path needs http:// before the host");
    target.path = authority.substr(slash);
    authority = authority.substr(0, slash);
  }
  ASSAY_ASSIGN_OR_RETURN(HostAndPort where, SplitHostAndPort(text, authority));
  if (where.port == 0) where.port = default_port;
  if (where.port == 0) return Malformed(text, "no port");
  const bool v6 = where.host.find(':') != std::string::npos;
  target.host = where.host;
  target.authority = v6 ? absl::StrCat("[", where.host, "]") : where.host;
  if (where.port != default_port) absl::StrAppend(&target.authority, ":", where.port);
  ASSAY_RETURN_IF_ERROR(Resolve(where, target));
  return target;
}

}  // namespace assay::loadgen

#include "server/net/listening_socket.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/status_macros.h"

namespace assay::server {
namespace {

struct SocketAddress {
  sockaddr_storage storage = {};
  socklen_t size = 0;

  int family() const { return storage.ss_family; }
  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

absl::Status Malformed(std::string_view address, std::string_view why) {
  return absl::InvalidArgumentError(
      absl::StrCat("cannot listen on \"", std::string(address), "\": ", std::string(why),
                   "; an address is HOST:PORT, such as 127.0.0.1:9000 or [::1]:9000"));
}

absl::StatusOr<SocketAddress> Resolve(std::string_view address) {
  const size_t colon = address.rfind(':');
  if (colon == address.npos) return Malformed(address, "it has no port");
  std::string host(address.substr(0, colon));
  const std::string port(address.substr(colon + 1));
  int number = 0;
  if (port.find_first_not_of("0123456789") != port.npos || !absl::SimpleAtoi(port, &number) ||
      number > 65535) {
    return Malformed(address, "its port is not a number from 0 to 65535");
  }
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != host.npos) {
    return Malformed(address, "an IPv6 address needs brackets");
  }
  if (host.empty()) return Malformed(address, "it has no host");
  addrinfo hints = {};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int error = getaddrinfo(host.c_str(), port.c_str(), &hints, &found);
  if (error != 0) return Malformed(address, gai_strerror(error));
  SocketAddress resolved;
  resolved.size = found->ai_addrlen;
  std::memcpy(&resolved.storage, found->ai_addr, found->ai_addrlen);
  freeaddrinfo(found);
  return resolved;
}

std::string ToText(const SocketAddress& address) {
  char host[NI_MAXHOST];
  char port[NI_MAXSERV];
  if (getnameinfo(address.get(), address.size, host, sizeof(host), port, sizeof(port),
                  NI_NUMERICHOST | NI_NUMERICSERV) != 0) {
    return "unknown address";
  }
  return address.family() == AF_INET6 ? absl::StrCat("[", host, "]:", port)
                                      : absl::StrCat(host, ":", port);
}

absl::Status SystemError(const char* what, const SocketAddress& address) {
  const int error = errno;
  const std::string text =
      absl::StrCat("cannot ", what, " ", ToText(address), ": ", std::strerror(error));
  if (error == EADDRINUSE) {
    return absl::AlreadyExistsError(
        absl::StrCat(text, "; another program listens there: stop it or choose another port"));
  }
  return absl::UnavailableError(text);
}

void Enable(int fd, int level, int option) {
  const int one = 1;
  setsockopt(fd, level, option, &one, sizeof(one));
}

// Opens a socket bound to `address`, and stores the port there.
absl::StatusOr<UniqueFd> Bind(SocketAddress& address, bool share_port) {
  UniqueFd fd(socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.ok()) return SystemError("open a socket for", address);
  // Without it a restart would wait until the system forgets the connections of the last run.
  Enable(fd.get(), SOL_SOCKET, SO_REUSEADDR);
  if (share_port) Enable(fd.get(), SOL_SOCKET, SO_REUSEPORT);
  if (bind(fd.get(), address.get(), address.size) != 0) return SystemError("listen on", address);
  if (getsockname(fd.get(), address.get(), &address.size) != 0) {
    return SystemError("get the port of", address);
  }
  return fd;
}

}  // namespace

ListeningSocket::ListeningSocket(UniqueFd fd, std::string address)
    : fd_(std::move(fd)), address_(std::move(address)) {}

absl::StatusOr<std::vector<ListeningSocket>> ListeningSocket::Open(std::string_view address,
                                                                   int count,
                                                                   const Options& options) {
  ASSAY_ASSIGN_OR_RETURN(SocketAddress where, Resolve(address));
  if (count > 1) {
    // With SO_REUSEPORT this server would silently share the port with another server of this user. A socket without
    // the option detects that, and picks the port if it is 0.
    ASSAY_ASSIGN_OR_RETURN(const UniqueFd probe, Bind(where, false));
    if (listen(probe.get(), 1) != 0) return SystemError("listen on", where);
  }
  std::vector<ListeningSocket> sockets;
  for (int i = 0; i < count; ++i) {
    ASSAY_ASSIGN_OR_RETURN(UniqueFd fd, Bind(where, count > 1));
    if (options.tcp_nodelay) Enable(fd.get(), IPPROTO_TCP, TCP_NODELAY);
    if (listen(fd.get(), options.backlog) != 0) return SystemError("listen on", where);
    sockets.push_back(ListeningSocket(std::move(fd), ToText(where)));
  }
  return sockets;
}

}  // namespace assay::server

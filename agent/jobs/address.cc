#include "agent/jobs/address.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/types.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <random>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/file.h"
#include "common/status_macros.h"

namespace assay::agent {
namespace {

constexpr std::array<uint8_t, 12> kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

absl::Status Bad(std::string_view text, std::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat("'", std::string(text), "' ", std::string(why)));
}

// A numeric address as the system's calls take it.
struct SocketName {
  sockaddr_storage storage{};
  socklen_t size = 0;

  static absl::StatusOr<SocketName> Of(const std::string& host, uint16_t port) {
    ASSAY_ASSIGN_OR_RETURN(const IpAddress address, IpAddress::Parse(host));
    SocketName name;
    if (address.IsV4()) {
      sockaddr_in v4{};
      v4.sin_family = AF_INET;
      v4.sin_port = htons(port);
      inet_pton(AF_INET, address.ToString().c_str(), &v4.sin_addr);
      memcpy(&name.storage, &v4, name.size = sizeof v4);
    } else {
      sockaddr_in6 v6{};
      v6.sin6_family = AF_INET6;
      v6.sin6_port = htons(port);
      inet_pton(AF_INET6, address.ToString().c_str(), &v6.sin6_addr);
      memcpy(&name.storage, &v6, name.size = sizeof v6);
    }
    return name;
  }

  int family() const { return storage.ss_family; }
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

// The lowest and the highest port that the kernel gives to connections.
std::pair<int, int> EphemeralPorts() {
  int low = 32768;
  int high = 60999;
  const absl::StatusOr<std::string> range = ReadFile("/proc/sys/net/ipv4/ip_local_port_range");
  if (range.ok()) sscanf(range->c_str(), "%d %d", &low, &high);
  return {low, high};
}

}  // namespace

absl::StatusOr<HostPort> HostPort::Parse(std::string_view text) {
  HostPort result;
  std::string_view port;
  if (!text.empty() && text.front() == '[') {
    const size_t end = text.find("]:");
    if (end == std::string_view::npos) return Bad(text, "is not [V6]:PORT");
    result.host = text.substr(1, end - 1);
    port = text.substr(end + 2);
  } else {
    const size_t colon = text.rfind(':');
    if (colon == std::string_view::npos) return Bad(text, "has no port: write HOST:PORT");
    result.host = text.substr(0, colon);
    port = text.substr(colon + 1);
    if (result.host.find(':') != std::string::npos) {
      return Bad(text, "has too many colons: write an IPv6 address as [V6]:PORT");
    }
  }
  uint32_t number = 0;
  if (result.host.empty()) return Bad(text, "has no host: write HOST:PORT");
  if (port.empty() || port.find_first_not_of("0123456789") != std::string_view::npos ||
      !absl::SimpleAtoi(absl::string_view(port.data(), port.size()), &number) || number > 65535) {
    return Bad(text, "has no port from 0 to 65535");
  }
  result.port = static_cast<uint16_t>(number);
  return result;
}

std::string HostPort::ToString() const {
  const bool v6 = host.find(':') != std::string::npos;
  return v6 ? absl::StrCat("[", host, "]:", port) : absl::StrCat(host, ":", port);
}

absl::StatusOr<IpAddress> IpAddress::Parse(std::string_view text) {
  IpAddress address;
  const std::string copy(text);
  in_addr v4{};
  if (inet_pton(AF_INET, copy.c_str(), &v4) == 1) {
    std::copy(kMapped.begin(), kMapped.end(), address.bytes_.begin());
    memcpy(address.bytes_.data() + 12, &v4, 4);
    return address;
  }
  if (inet_pton(AF_INET6, copy.c_str(), address.bytes_.data()) == 1) return address;
  return Bad(text, "is not an IP address");
}

absl::StatusOr<std::vector<IpAddress>> IpAddress::Resolve(const std::string& host) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (const int error = getaddrinfo(host.c_str(), nullptr, &hints, &found); error != 0) {
    return absl::NotFoundError(absl::StrCat("host '", host, "': ", gai_strerror(error)));
  }
  std::vector<IpAddress> addresses;
  bool left_out = false;
  for (const addrinfo* entry = found; entry != nullptr; entry = entry->ai_next) {
    if (entry->ai_family == AF_INET6) {
      sockaddr_in6 v6{};
      memcpy(&v6, entry->ai_addr, sizeof v6);
      if (v6.sin6_scope_id != 0) {
        left_out = true;
        continue;
      }
    }
    char text[NI_MAXHOST] = "";
    getnameinfo(entry->ai_addr, entry->ai_addrlen, text, sizeof text, nullptr, 0, NI_NUMERICHOST);
    const absl::StatusOr<IpAddress> address = Parse(text);
    if (address.ok()) addresses.push_back(*address);
  }
  freeaddrinfo(found);
  if (addresses.empty()) {
    return absl::NotFoundError(absl::StrCat(
        "host '", host, "': no address",
        left_out ? " but one that holds on one interface only; give a global or private address"
                 : ""));
  }
  return addresses;
}

bool IpAddress::IsV4() const { return std::equal(kMapped.begin(), kMapped.end(), bytes_.begin()); }

bool IpAddress::IsLoopback() const {
  if (IsV4()) return bytes_[12] == 127;
  return std::all_of(bytes_.begin(), bytes_.begin() + 15, [](uint8_t b) { return b == 0; }) &&
         bytes_[15] == 1;
}

bool IpAddress::IsWildcard() const {
  return std::all_of(bytes_.begin() + (IsV4() ? 12 : 0), bytes_.end(),
                     [](uint8_t b) { return b == 0; });
}

bool IpAddress::IsLinkLocalV6() const { return bytes_[0] == 0xfe && (bytes_[1] & 0xc0) == 0x80; }

std::string IpAddress::ToString() const {
  char text[INET6_ADDRSTRLEN] = "";
  if (IsV4()) {
    inet_ntop(AF_INET, bytes_.data() + 12, text, sizeof text);
  } else {
    inet_ntop(AF_INET6, bytes_.data(), text, sizeof text);
  }
  return text;
}

bool IpAddress::SharesPrefix(const IpAddress& other, int bits) const {
  for (int i = 0; i < 16 && bits > 0; ++i, bits -= 8) {
    const int mask = bits >= 8 ? 0xff : (0xff00 >> bits) & 0xff;
    if (((bytes_[i] ^ other.bytes_[i]) & mask) != 0) return false;
  }
  return true;
}

absl::StatusOr<Cidr> Cidr::Parse(std::string_view text) {
  Cidr cidr;
  const size_t slash = text.find('/');
  const absl::StatusOr<IpAddress> network = IpAddress::Parse(text.substr(0, slash));
  if (!network.ok()) return Bad(text, "is not a network such as 10.1.0.0/16");
  cidr.network_ = *network;
  if (slash == std::string_view::npos) return cidr;
  const std::string_view bits = text.substr(slash + 1);
  const int before = cidr.network_.IsV4() ? 96 : 0;
  int own = 0;
  if (bits.empty() || bits.find_first_not_of("0123456789") != std::string_view::npos ||
      !absl::SimpleAtoi(absl::string_view(bits.data(), bits.size()), &own) || own > 128 - before) {
    return Bad(text, absl::StrCat("has no prefix length from 0 to ", 128 - before));
  }
  cidr.bits_ = before + own;
  return cidr;
}

absl::StatusOr<UniqueFd> ListenOn(const std::string& host, uint16_t port) {
  ASSAY_ASSIGN_OR_RETURN(const SocketName name, SocketName::Of(host, port));
  const std::string where = HostPort{host, port}.ToString();
  UniqueFd fd(socket(name.family(), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.ok()) return ErrnoStatus(errno, "cannot make a socket");
  // As servers do: connections of a former server that linger do not count.
  const int one = 1;
  setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  const int v6_only = 0;
  if (name.family() == AF_INET6) {
    setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &v6_only, sizeof v6_only);
  }
  if (bind(fd.get(), name.get(), name.size) != 0 || listen(fd.get(), SOMAXCONN) != 0) {
    if (errno == EADDRINUSE) {
      return absl::AlreadyExistsError(absl::StrCat(where, " is in use by another program"));
    }
    return ErrnoStatus(errno, absl::StrCat("cannot listen on ", where));
  }
  return fd;
}

absl::Status CanListen(const std::string& host, uint16_t port) {
  return ListenOn(host, port).status();
}

bool AcceptsConnections(const HostPort& address) {
  const absl::StatusOr<SocketName> name = SocketName::Of(address.host, address.port);
  if (!name.ok()) return false;
  const UniqueFd fd(socket(name->family(), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.ok()) return false;
  if (connect(fd.get(), name->get(), name->size) == 0) return true;
  if (errno != EINPROGRESS) return false;
  pollfd descriptor{.fd = fd.get(), .events = POLLOUT, .revents = 0};
  int error = 0;
  socklen_t size = sizeof error;
  return poll(&descriptor, 1, 1000) == 1 &&
         getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0;
}

absl::StatusOr<uint16_t> FreePort(const std::string& host) {
  constexpr int kLowest = 10'000;
  constexpr int kHighest = 65'000;
  constexpr int kTries = 200;
  const auto [low, high] = EphemeralPorts();
  std::random_device random;
  std::uniform_int_distribution<int> any(kLowest, kHighest);
  absl::Status last = absl::ResourceExhaustedError(
      absl::StrCat("every port from ", kLowest, " to ", kHighest, " is kept for connections (", low,
                   "-", high, " in net.ipv4.ip_local_port_range)"));
  int tried = 0;
  for (int draw = 0; draw < 50 * kTries && tried < kTries; ++draw) {
    const int port = any(random);
    if (port >= low && port <= high) continue;
    ++tried;
    last = CanListen(host, static_cast<uint16_t>(port));
    if (last.ok()) return static_cast<uint16_t>(port);
    if (!absl::IsAlreadyExists(last)) return last;
  }
  return absl::ResourceExhaustedError(absl::StrCat("no free port on ", host, ": ", last.message()));
}

}  // namespace assay::agent

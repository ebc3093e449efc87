#include "agent/service/connections.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <map>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace assay::agent {
namespace {

// 0: the descriptor is closed or not a socket.
ino_t SocketInode(int fd) {
  struct stat status {};
  return fstat(fd, &status) == 0 && S_ISSOCK(status.st_mode) ? status.st_ino : 0;
}

struct PeerName {
  std::string host;
  uint16_t port = 0;
  bool v6 = false;
};

PeerName PeerOf(int fd) {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  if (getpeername(fd, reinterpret_cast<sockaddr*>(&storage), &size) != 0) return {};
  char text[INET6_ADDRSTRLEN] = "";
  if (storage.ss_family == AF_INET) {
    sockaddr_in v4{};
    memcpy(&v4, &storage, sizeof v4);
    inet_ntop(AF_INET, &v4.sin_addr, text, sizeof text);
    return {text, ntohs(v4.sin_port), false};
  }
  if (storage.ss_family != AF_INET6) return {};
  sockaddr_in6 v6{};
  memcpy(&v6, &storage, sizeof v6);
  const bool mapped = IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr);
  inet_ntop(mapped ? AF_INET : AF_INET6, v6.sin6_addr.s6_addr + (mapped ? 12 : 0), text,
            sizeof text);
  return {text, ntohs(v6.sin6_port), !mapped};
}

}  // namespace

Connections::Limits Connections::Limits::OfThisProcess() {
  Limits limits;
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
    limits.most = std::clamp<size_t>(files.rlim_cur / 4, 4, limits.most);
  }
  limits.most_from_one_host = limits.most / 2;
  return limits;
}

Connections::Connections(Limits limits)
    : limits_(limits),
      null_(open("/dev/null", O_RDONLY | O_CLOEXEC)),
      copy_(fcntl(null_.get(), F_DUPFD_CLOEXEC, 0)) {}

bool Connections::Admit(int fd, int64_t now_ns) {
  const PeerName peer = PeerOf(fd);
  absl::MutexLock lock(&mutex_);
  ForgetGone();
  const auto from_there =
      std::count_if(connections_.begin(), connections_.end(),
                    [&peer](const Connection& connection) { return connection.host == peer.host; });
  if (static_cast<size_t>(from_there) >= limits_.most_from_one_host) {
    if (!EndOldestSilent(&peer.host)) return false;
  } else if (connections_.size() >= limits_.most) {
    if (!EndOldestSilent(nullptr)) return false;
  }
  connections_.push_back({.fd = fd,
                          .inode = SocketInode(fd),
                          .host = peer.host,
                          .peer = peer.v6 ? absl::StrCat("ipv6:[", peer.host, "]:", peer.port)
                                          : absl::StrCat("ipv4:", peer.host, ":", peer.port),
                          .accepted_ns = now_ns});
  return true;
}

void Connections::MarkUsed(std::string_view peer) {
  const std::string plain = absl::StrReplaceAll(absl::string_view(peer.data(), peer.size()),
                                                {{"%5B", "["}, {"%5D", "]"}});
  absl::MutexLock lock(&mutex_);
  for (Connection& connection : connections_) {
    if (connection.peer == plain) connection.used = true;
  }
}

std::optional<int64_t> Connections::EndSilent(int64_t now_ns) {
  absl::MutexLock lock(&mutex_);
  ForgetGone();
  std::optional<int64_t> next;
  std::erase_if(connections_, [&](const Connection& connection) ABSL_NO_THREAD_SAFETY_ANALYSIS {
    if (connection.used) return false;
    const int64_t due_ns = connection.accepted_ns + limits_.silence_ns;
    if (due_ns <= now_ns) {
      End(connection);
      return true;
    }
    next = std::min(next.value_or(due_ns), due_ns);
    return false;
  });
  return next;
}

void Connections::MakeRoom() {
  absl::MutexLock lock(&mutex_);
  ForgetGone();
  (void)EndOldestSilent(nullptr);
}

size_t Connections::Count() {
  absl::MutexLock lock(&mutex_);
  ForgetGone();
  return connections_.size();
}

void Connections::ForgetGone() {
  std::erase_if(connections_, [](const Connection& connection) {
    return SocketInode(connection.fd) != connection.inode;
  });
}

bool Connections::EndOldestSilent(const std::string* host) {
  std::map<std::string, size_t> silent;
  for (const Connection& connection : connections_) {
    if (!connection.used) ++silent[connection.host];
  }
  if (silent.empty()) return false;
  const std::string from =
      host != nullptr ? *host
                      : std::max_element(silent.begin(), silent.end(), [](auto& a, auto& b) {
                          return a.second < b.second;
                        })->first;
  const auto oldest =
      std::find_if(connections_.begin(), connections_.end(),
                   [&from](const Connection& one) { return !one.used && one.host == from; });
  if (oldest == connections_.end()) return false;
  End(*oldest);
  connections_.erase(oldest);
  return true;
}

void Connections::End(const Connection& connection) {
  // The duplicate keeps the socket open during the check: gRPC may close the descriptor, and its number may be reused,
  // at any time.
  if (dup3(connection.fd, copy_.get(), O_CLOEXEC) < 0) return;
  if (SocketInode(copy_.get()) == connection.inode) shutdown(copy_.get(), SHUT_RDWR);
  dup3(null_.get(), copy_.get(), O_CLOEXEC);
}

}  // namespace assay::agent

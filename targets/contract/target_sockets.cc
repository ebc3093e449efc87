#include "targets/contract/target_sockets.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <filesystem>
#include <set>
#include <string>
#include <system_error>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "common/unique_fd.h"

namespace assay::targets {
namespace {

template <typename T>
bool Get(int fd, int level, int option, T& value) {
  socklen_t size = sizeof(value);
  return getsockopt(fd, level, option, &value, &size) == 0;
}

// Adds a socket if it is TCP, on that port, and not in `seen`.
void Take(int fd, int port, std::set<uint64_t>& seen, TargetSockets& sockets) {
  sockaddr_in address = {};
  socklen_t size = sizeof(address);
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) return;
  if (address.sin_family != AF_INET || ntohs(address.sin_port) != port) return;
  uint64_t cookie = 0;
  if (!Get(fd, SOL_SOCKET, SO_COOKIE, cookie) || !seen.insert(cookie).second) return;
  int accepts = 0;
  if (!Get(fd, SOL_SOCKET, SO_ACCEPTCONN, accepts)) return;
  if (accepts != 0) {
    tcp_info info = {};
    // For a listening socket, Linux reports the current and maximum backlog in these two fields (tcp(7) names other
    // uses).
    if (!Get(fd, IPPROTO_TCP, TCP_INFO, info)) return;
    sockets.listening.push_back({.backlog = static_cast<int>(info.tcpi_sacked)});
    return;
  }
  int no_delay = 0;
  if (!Get(fd, IPPROTO_TCP, TCP_NODELAY, no_delay)) return;
  sockets.connected.push_back({.tcp_nodelay = no_delay != 0});
}

}  // namespace

absl::StatusOr<TargetSockets> FindTargetSockets(const std::vector<pid_t>& pids, int port) {
  TargetSockets sockets;
  std::set<uint64_t> seen;
  for (const pid_t pid : pids) {
    const UniqueFd process(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
    if (!process.ok()) continue;  // The process has ended.
    std::error_code error;
    for (const auto& entry :
         std::filesystem::directory_iterator(absl::StrCat("/proc/", pid, "/fd"), error)) {
      const int number = std::stoi(entry.path().filename().string());
      const UniqueFd copy(static_cast<int>(syscall(SYS_pidfd_getfd, process.get(), number, 0)));
      if (copy.ok()) {
        Take(copy.get(), port, seen, sockets);
      } else if (errno == EPERM || errno == ENOSYS) {
        return absl::PermissionDeniedError("this system does not allow pidfd_getfd");
      }
    }
    if (error) return absl::PermissionDeniedError(error.message());
  }
  return sockets;
}

}  // namespace assay::targets

#ifndef ASSAY_AGENT_LOADGEN_SOCKET_CALLS_H_
#define ASSAY_AGENT_LOADGEN_SOCKET_CALLS_H_

#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <ctime>

namespace assay::loadgen {

// The hot path's system calls. Those of libc are cancellation points, which in a program with
// threads costs two atomic operations a call. -1 and errno on failure.

inline ssize_t ReceiveSome(int fd, void* buffer, size_t size) {
  return syscall(SYS_recvfrom, fd, buffer, size, MSG_DONTWAIT, nullptr, nullptr);
}

inline ssize_t SendSome(int fd, const void* data, size_t size) {
  return syscall(SYS_sendto, fd, data, size, MSG_NOSIGNAL | MSG_DONTWAIT, nullptr, 0);
}

// Waits with the resolution of a high-resolution timer where the kernel can (5.11), else of a
// millisecond, rounded up. 0: only looks.
inline int WaitForEvents(int epoll_fd, epoll_event* events, int capacity, int64_t timeout_ns) {
  if (timeout_ns <= 0) return epoll_wait(epoll_fd, events, capacity, 0);
#ifdef SYS_epoll_pwait2
  const timespec timeout{timeout_ns / 1'000'000'000, timeout_ns % 1'000'000'000};
  const long count =
      syscall(SYS_epoll_pwait2, epoll_fd, events, capacity, &timeout, nullptr, size_t{0});
  // Filters of system calls that do not know it say EPERM, which it has no other meaning for.
  if (count >= 0 || (errno != ENOSYS && errno != EPERM)) return static_cast<int>(count);
#endif
  return epoll_wait(epoll_fd, events, capacity,
                    static_cast<int>((timeout_ns + 999'999) / 1'000'000));
}

}  // namespace assay::loadgen

#endif  // ASSAY_AGENT_LOADGEN_SOCKET_CALLS_H_

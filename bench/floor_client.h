#ifndef ASSAY_BENCH_FLOOR_CLIENT_H_
#define ASSAY_BENCH_FLOOR_CLIENT_H_

// Shared by the floor clients. Any error ends the program.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>

namespace assay::bench {

[[noreturn]] inline void Die(const char* what, int error = errno) {
  errno = error;
  std::perror(what);
  std::exit(EXIT_FAILURE);
}

inline int64_t Nanos(clockid_t clock) {
  timespec time = {};
  clock_gettime(clock, &time);
  return time.tv_sec * int64_t{1'000'000'000} + time.tv_nsec;
}

// Pins this thread and the threads that it starts.
inline void Pin(int cpu) {
  cpu_set_t cpus;
  CPU_ZERO(&cpus);
  CPU_SET(cpu, &cpus);
  if (sched_setaffinity(0, sizeof(cpus), &cpus) != 0) Die("sched_setaffinity");
}

// Connects to a port of this host, without Nagle's algorithm.
inline int Connect(int port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<uint16_t>(port));
  if (connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) Die("connect");
  const int one = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
  return fd;
}

inline std::string GetRequest(const std::string& path, int port) {
  return "GET " + path + " HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(port) + "\r\n\r\n";
}

inline void Send(int fd, const std::string& request) {
  if (send(fd, request.data(), request.size(), MSG_NOSIGNAL | MSG_DONTWAIT) !=
      static_cast<ssize_t>(request.size())) {
    Die("send");
  }
}

}  // namespace assay::bench

#endif  // ASSAY_BENCH_FLOOR_CLIENT_H_

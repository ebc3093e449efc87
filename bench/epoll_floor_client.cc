// What a request costs a load generator when HTTP and measuring cost nothing: a closed loop of recv and send over
// epoll, without a parser, a histogram or a clock read a request. Every piece that arrives is taken for one answer. A
// yardstick for benchmarks, no load generator.
//
//   epoll_floor_client PORT CONNECTIONS SECONDS [PATH [CPU]]
//
// Prints "requests=N seconds=S cpu_us_per_request=C"; CPU time is that of the measured part.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>
#include <vector>

namespace {

constexpr int kEvents = 512;

[[noreturn]] void Die(const char* what) {
  std::perror(what);
  std::exit(EXIT_FAILURE);
}

int64_t Nanos(clockid_t clock) {
  timespec time = {};
  clock_gettime(clock, &time);
  return time.tv_sec * int64_t{1'000'000'000} + time.tv_nsec;
}

void Pin(int cpu) {
  cpu_set_t cpus;
  CPU_ZERO(&cpus);
  CPU_SET(cpu, &cpus);
  if (sched_setaffinity(0, sizeof(cpus), &cpus) != 0) Die("sched_setaffinity");
}

int Connect(int port) {
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

void Send(int fd, const std::string& request) {
  if (send(fd, request.data(), request.size(), MSG_NOSIGNAL | MSG_DONTWAIT) !=
      static_cast<ssize_t>(request.size())) {
    Die("send");
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) {
    std::fprintf(stderr, "usage: epoll_floor_client PORT CONNECTIONS SECONDS [PATH [CPU]]\n");
    return 2;
  }
  const int port = std::atoi(argv[1]);
  const int connections = std::atoi(argv[2]);
  const auto duration_ns = static_cast<int64_t>(std::atof(argv[3]) * 1e9);
  const std::string path = argc > 4 ? argv[4] : "/json";
  if (argc > 5) Pin(std::atoi(argv[5]));
  const std::string request =
      "GET " + path + " HTTP/1.1\r\nHost: 127.0.0.1:" + argv[1] + "\r\n\r\n";

  const int epoll = epoll_create1(EPOLL_CLOEXEC);
  std::vector<int> open;
  for (int i = 0; i < connections; ++i) {
    const int fd = Connect(port);
    epoll_event event = {};
    event.events = EPOLLIN | EPOLLET;
    event.data.fd = fd;
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) != 0) Die("epoll_ctl");
    open.push_back(fd);
  }
  const int64_t begin = Nanos(CLOCK_MONOTONIC);
  const int64_t cpu_begin = Nanos(CLOCK_PROCESS_CPUTIME_ID);
  for (const int fd : open) Send(fd, request);
  uint64_t requests = 0;
  epoll_event events[kEvents];
  static char buffer[128 * 1024];
  int64_t now = begin;
  while (now - begin < duration_ns) {
    const int count = epoll_wait(epoll, events, kEvents, 100);
    for (int i = 0; i < count; ++i) {
      if (recv(events[i].data.fd, buffer, sizeof(buffer), MSG_DONTWAIT) <= 0) Die("recv");
      ++requests;
      Send(events[i].data.fd, request);
    }
    now = Nanos(CLOCK_MONOTONIC);
  }
  const int64_t cpu = Nanos(CLOCK_PROCESS_CPUTIME_ID) - cpu_begin;
  std::printf("requests=%llu seconds=%.6f cpu_us_per_request=%.3f\n",
              static_cast<unsigned long long>(requests), static_cast<double>(now - begin) / 1e9,
              requests == 0 ? 0 : static_cast<double>(cpu) / 1e3 / static_cast<double>(requests));
  return 0;
}

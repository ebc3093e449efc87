// The cost of a request for a load generator without HTTP and without measuring: a closed loop of recv and send over epoll,
// without a parser, a histogram or a clock read per request. Counts every piece that arrives as one response. A baseline for
// benchmarks, not a load generator.
//
//   epoll_floor_client PORT CONNECTIONS SECONDS [PATH [CPU]]
//
// Prints "requests=N seconds=S cpu_us_per_request=C"; The CPU time is that of the measurement only.

#include <sys/epoll.h>
#include <sys/socket.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>
#include <vector>

#include "bench/floor_client.h"
#include "common/standard_streams.h"

namespace assay::bench {
namespace {

constexpr int kEvents = 512;

int Run(int argc, char** argv) {
  if (argc < 4) {
    std::fprintf(stderr, "usage: epoll_floor_client PORT CONNECTIONS SECONDS [PATH [CPU]]\n");
    return 2;
  }
  const int port = std::atoi(argv[1]);
  const int connections = std::atoi(argv[2]);
  const auto duration_ns = static_cast<int64_t>(std::atof(argv[3]) * 1e9);
  const std::string path = argc > 4 ? argv[4] : "/json";
  if (argc > 5) Pin(std::atoi(argv[5]));
  const std::string request = GetRequest(path, port);

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

}  // namespace
}  // namespace assay::bench

int main(int argc, char** argv) {
  assay::OpenStandardStreams();
  return assay::EndOutput("epoll_floor_client", assay::bench::Run(argc, argv));
}

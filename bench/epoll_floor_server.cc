// The cost of a request for a server without HTTP: accept, recv and send over epoll, without a parser. Treats every piece
// that arrives as one request, and responds with the bytes that `server` sends for GET /json. A baseline for benchmarks, not
// a server.
//
//   epoll_floor_server PORT [CPU [keep-alive]]
//
// With "keep-alive" the response has that header, which clients of HTTP/1.0 (ab) need.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "common/standard_streams.h"

namespace {

constexpr std::string_view kResponse =
    "HTTP/1.1 200 OK\r\n"
    "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
    "Content-Type: application/json\r\n"
    "Content-Length: 27\r\n"
    "\r\n"
    "{\"message\":\"Hello, World!\"}";
constexpr std::string_view kKeepAliveResponse =
    "HTTP/1.1 200 OK\r\n"
    "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
    "Content-Type: application/json\r\n"
    "Content-Length: 27\r\n"
    "Connection: keep-alive\r\n"
    "\r\n"
    "{\"message\":\"Hello, World!\"}";

[[noreturn]] void Die(const char* what) {
  std::perror(what);
  std::exit(EXIT_FAILURE);
}

void Pin(int cpu) {
  cpu_set_t cpus;
  CPU_ZERO(&cpus);
  CPU_SET(cpu, &cpus);
  if (sched_setaffinity(0, sizeof(cpus), &cpus) != 0) Die("sched_setaffinity");
}

int Listen(int port) {
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  const int one = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
  setsockopt(listener, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<uint16_t>(port));
  if (bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) Die("bind");
  if (listen(listener, 4096) != 0) Die("listen");
  socklen_t size = sizeof(address);
  getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size);
  std::printf("listening on 127.0.0.1:%d\n", ntohs(address.sin_port));
  return listener;
}

void Watch(int epoll, int fd) {
  epoll_event event = {};
  event.events = EPOLLIN;
  event.data.fd = fd;
  epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

void Serve(int listener, std::string_view response) {
  const int epoll = epoll_create1(EPOLL_CLOEXEC);
  Watch(epoll, listener);
  static char request[64 << 10];
  while (true) {
    epoll_event events[256];
    const int ready = epoll_wait(epoll, events, 256, -1);
    for (int i = 0; i < ready; ++i) {
      const int fd = events[i].data.fd;
      if (fd == listener) {
        const int client = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (client >= 0) Watch(epoll, client);
        continue;
      }
      const ssize_t size = recv(fd, request, sizeof(request), 0);
      if (size <= 0 || send(fd, response.data(), response.size(), MSG_NOSIGNAL) < 0) close(fd);
    }
  }
}

int Run(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: epoll_floor_server PORT [CPU [keep-alive]]\n");
    return 2;
  }
  if (argc > 2) Pin(std::atoi(argv[2]));
  const bool keep_alive = argc > 3 && std::strcmp(argv[3], "keep-alive") == 0;
  const int listener = Listen(std::atoi(argv[1]));
  // The program that started this one waits for the line. If it is lost, main() reports why.
  if (!assay::FlushOutput().ok()) return EXIT_FAILURE;
  Serve(listener, keep_alive ? kKeepAliveResponse : kResponse);
  return EXIT_SUCCESS;
}

}  // namespace

int main(int argc, char** argv) {
  assay::OpenStandardStreams();
  return assay::EndOutput("epoll_floor_server", Run(argc, argv));
}

// A target for tests: `crashing_server PORT CONNECTION LINGER_MS` is an HTTP server on 127.0.0.1 that responds to every
// request with 200 until connection number CONNECTION, counted from 1, arrives. Then it closes its listener and shuts
// down all connections. LINGER_MS later it prints a message and exits with status 7. With CONNECTION 0 it runs forever.

#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <iostream>
#include <string>
#include <thread>
#include <vector>

#include "common/testing/blocking_server.h"

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  const int last = atoi(argv[2]);
  const int listener = assay::ListenOnLoopback(atoi(argv[1]), /*backlog=*/1);
  std::vector<int> connections;
  while (last == 0 || static_cast<int>(connections.size()) < last) {
    const int fd = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) continue;
    connections.push_back(fd);
    // Never close the socket, so that the kernel does not reuse its descriptor.
    std::thread([fd] {
      assay::ServeBlocking(fd,
                           [](const std::string&) { return assay::PlainResponse("200 OK", "ok"); });
    }).detach();
  }
  close(listener);
  for (const int fd : connections) shutdown(fd, SHUT_RDWR);
  std::this_thread::sleep_for(std::chrono::milliseconds(atoi(argv[3])));
  std::cerr << "crashing_server: that was one too many" << std::endl;
  _exit(7);
}

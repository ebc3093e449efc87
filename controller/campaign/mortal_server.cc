// A target for tests: `mortal_server PORT CONNECTION LINGER_MS`, an HTTP server on 127.0.0.1 that answers everything with
// 200 until that connection comes, the first being 1. Then it listens no more, and its connections are dead; LINGER_MS
// later it says a last word and exits with 7. CONNECTION 0: it lives.

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
  std::cerr << "mortal_server: that was one too many" << std::endl;
  _exit(7);
}

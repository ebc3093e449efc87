// A target for tests: `crashing_server PORT CONNECTION LINGER_MS [REQUEST END]` is an HTTP server on 127.0.0.1 that
// responds to every request with 200 until connection number CONNECTION, counted from 1, arrives. Then it closes its
// listener and shuts down all connections. LINGER_MS later it prints a message and exits with status 7. With CONNECTION 0
// it runs forever, or until request number REQUEST, counted from 1. How it ends then:
//   kill   by SIGKILL
//   stop   by SIGSTOP: it lives but does nothing more
//   leave  it closes its listener and all connections, and lives on

#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "common/testing/blocking_server.h"

namespace {

int listener = -1;
std::mutex mutex;
// Guarded by mutex. Never closed, so that the kernel does not reuse their descriptors.
std::vector<int> connections;

void Leave() {
  const std::lock_guard<std::mutex> lock(mutex);
  // Wakes the thread that accepts; nobody can connect any more.
  shutdown(listener, SHUT_RDWR);
  for (const int fd : connections) shutdown(fd, SHUT_RDWR);
}

void End(const std::string& end) {
  if (end == "kill") kill(getpid(), SIGKILL);
  if (end == "stop") kill(getpid(), SIGSTOP);
  if (end == "leave") Leave();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4 && argc != 6) return 2;
  const int last = atoi(argv[2]);
  const int last_request = argc == 6 ? atoi(argv[4]) : 0;
  const std::string end = argc == 6 ? argv[5] : "";
  std::atomic<int> requests{0};
  listener = assay::ListenOnLoopback(atoi(argv[1]), /*backlog=*/1);
  int accepted = 0;
  while (last == 0 || accepted < last) {
    const int fd = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) {
      if (requests < last_request || last_request == 0) continue;
      // It has left.
      while (true) pause();
    }
    ++accepted;
    {
      const std::lock_guard<std::mutex> lock(mutex);
      connections.push_back(fd);
    }
    std::thread([fd, &requests, last_request, &end] {
      assay::ServeBlocking(fd, [&](const std::string&) {
        if (++requests == last_request) End(end);
        return assay::PlainResponse("200 OK", "ok");
      });
    }).detach();
  }
  close(listener);
  for (const int fd : connections) shutdown(fd, SHUT_RDWR);
  std::this_thread::sleep_for(std::chrono::milliseconds(atoi(argv[3])));
  std::cerr << "crashing_server: that was one too many" << std::endl;
  _exit(7);
}

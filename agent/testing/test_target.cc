// A target for tests: `test_target MODE PORT MARK`, an HTTP server on 127.0.0.1. MODE selects its behaviour:
//   good           responds with "ok" to /healthz and with "Hello, World!" to every other path
//   wrong          as good, but responds with "Hello, world!"
//   crash_at_start prints why and exits with status 3
//   crash_midrun   as good, until the 2,000th request: then prints a last line and dies of SIGSEGV
//   crash_on_hup   as good, until SIGHUP: then crashes as crash_midrun
//   never_ready    responds to /healthz with status 503
//   deaf           as good, but responds only to /healthz
//   busy           as good, and a thread uses all the CPU time that it gets
//   stubborn       as good, but ignores SIGTERM and starts a daemon that does the same
// MARK stays on the command line, so that a test can find remaining processes.

#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <iostream>
#include <string>
#include <thread>

#include "common/testing/blocking_server.h"

namespace {

constexpr int kDeadlyRequest = 2'000;

std::string g_mode;
std::atomic<int> g_requests{0};

[[noreturn]] void Die() {
  std::cerr << "test_target: cannot go on like this" << std::endl;
  signal(SIGSEGV, SIG_DFL);
  raise(SIGSEGV);
  abort();
}

std::string ResponseTo(const std::string& request) {
  const bool health = request.rfind("GET /healthz ", 0) == 0;
  if (!health && g_mode == "crash_midrun" && ++g_requests >= kDeadlyRequest) Die();
  while (!health && g_mode == "deaf") pause();
  const std::string body = health ? "ok" : g_mode == "wrong" ? "Hello, world!" : "Hello, World!";
  return assay::PlainResponse(health && g_mode == "never_ready" ? "503 Not Yet" : "200 OK", body);
}

void Serve(int fd) {
  assay::ServeBlocking(fd, ResponseTo);
  close(fd);
}

[[noreturn]] void Burn() {
  std::atomic<unsigned> turns{0};
  while (true) ++turns;
}

void StartDaemon() {
  if (fork() != 0) return;
  setsid();
  if (fork() != 0) _exit(0);
  while (true) pause();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  g_mode = argv[1];
  if (g_mode == "crash_at_start") {
    std::cerr << "test_target: the moon is in the wrong phase" << std::endl;
    return 3;
  }
  if (g_mode == "crash_on_hup") signal(SIGHUP, [](int) { Die(); });
  if (g_mode == "busy") std::thread(Burn).detach();
  if (g_mode == "stubborn") {
    signal(SIGTERM, SIG_IGN);
    StartDaemon();
  }
  const int listener = assay::ListenOnLoopback(atoi(argv[2]), /*backlog=*/128);
  while (true) {
    const int fd = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd >= 0) std::thread(Serve, fd).detach();
  }
}

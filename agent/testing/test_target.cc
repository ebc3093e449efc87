// A target for tests: `test_target MODE PORT MARK`, an HTTP server on 127.0.0.1 that behaves, or misbehaves, by MODE:
//   good           /healthz answers ok, every other path "Hello, World!"
//   wrong          as good, but "Hello, world!"
//   crash_at_start says why and exits with 3
//   crash_midrun   as good, until the 2,000th request: then it says a last word and dies of SIGSEGV
//   crash_on_hup   as good, until SIGHUP: then as crash_midrun
//   never_ready    /healthz answers 503
//   deaf           as good, but no other path is ever answered
//   stubborn       as good, but it ignores SIGTERM and starts a daemon that does so too
// MARK stays on the command line, so that a test finds what is left of it.

#include <arpa/inet.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <iostream>
#include <string>
#include <thread>

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

std::string AnswerTo(const std::string& request) {
  const bool health = request.rfind("GET /healthz ", 0) == 0;
  if (!health && g_mode == "crash_midrun" && ++g_requests >= kDeadlyRequest) Die();
  while (!health && g_mode == "deaf") pause();
  const std::string status = health && g_mode == "never_ready" ? "503 Not Yet" : "200 OK";
  const std::string body = health ? "ok" : g_mode == "wrong" ? "Hello, world!" : "Hello, World!";
  return "HTTP/1.1 " + status +
         "\r\nDate: Tue, 15 Nov 1994 08:12:31 GMT\r\nContent-Type: text/plain\r\n" +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

void Serve(int fd) {
  std::string pending;
  char buffer[4096];
  while (true) {
    const size_t end = pending.find("\r\n\r\n");
    if (end == std::string::npos) {
      const ssize_t got = read(fd, buffer, sizeof buffer);
      if (got <= 0) break;
      pending.append(buffer, static_cast<size_t>(got));
      continue;
    }
    const std::string answer = AnswerTo(pending.substr(0, end));
    pending.erase(0, end + 4);
    if (send(fd, answer.data(), answer.size(), MSG_NOSIGNAL) < 0) break;
  }
  close(fd);
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
  if (g_mode == "stubborn") {
    signal(SIGTERM, SIG_IGN);
    StartDaemon();
  }
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int one = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  name.sin_port = htons(static_cast<uint16_t>(atoi(argv[2])));
  if (bind(listener, reinterpret_cast<sockaddr*>(&name), sizeof name) != 0 ||
      listen(listener, 128) != 0) {
    perror("test_target");
    return 1;
  }
  while (true) {
    const int fd = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd >= 0) std::thread(Serve, fd).detach();
  }
}

// A target for tests: `mortal_server PORT CONNECTION LINGER_MS`, an HTTP server on 127.0.0.1 that answers everything with
// 200 until that connection comes, the first being 1. Then it listens no more, and its connections are dead; LINGER_MS
// later it says a last word and exits with 7. CONNECTION 0: it lives.

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <iostream>
#include <string>
#include <thread>
#include <vector>

namespace {

constexpr char kAnswer[] =
    "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok";

void Serve(int fd) {
  std::string pending;
  char buffer[4096];
  while (true) {
    const ssize_t got = read(fd, buffer, sizeof buffer);
    if (got <= 0) break;
    pending.append(buffer, static_cast<size_t>(got));
    for (size_t end; (end = pending.find("\r\n\r\n")) != std::string::npos;) {
      pending.erase(0, end + 4);
      if (send(fd, kAnswer, sizeof kAnswer - 1, MSG_NOSIGNAL) < 0) break;
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  const int last = atoi(argv[2]);
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int one = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  name.sin_port = htons(static_cast<uint16_t>(atoi(argv[1])));
  if (bind(listener, reinterpret_cast<sockaddr*>(&name), sizeof name) != 0 ||
      listen(listener, 1) != 0) {
    perror("mortal_server");
    return 1;
  }
  std::vector<int> connections;
  while (last == 0 || static_cast<int>(connections.size()) < last) {
    const int fd = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) continue;
    connections.push_back(fd);
    std::thread(Serve, fd).detach();
  }
  close(listener);
  for (const int fd : connections) shutdown(fd, SHUT_RDWR);
  std::this_thread::sleep_for(std::chrono::milliseconds(atoi(argv[3])));
  std::cerr << "mortal_server: that was one too many" << std::endl;
  _exit(7);
}

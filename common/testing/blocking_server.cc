#include "common/testing/blocking_server.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>

namespace assay {

int ListenOnLoopback(int port, int backlog) {
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int one = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  name.sin_port = htons(static_cast<uint16_t>(port));
  if (bind(listener, reinterpret_cast<sockaddr*>(&name), sizeof name) != 0 ||
      listen(listener, backlog) != 0) {
    std::perror("cannot listen on 127.0.0.1");
    std::exit(1);
  }
  return listener;
}

void ServeBlocking(int fd, const std::function<std::string(const std::string& head)>& response) {
  std::string pending;
  char buffer[4096];
  while (true) {
    const size_t end = pending.find("\r\n\r\n");
    if (end == std::string::npos) {
      const ssize_t got = read(fd, buffer, sizeof buffer);
      if (got <= 0) return;
      pending.append(buffer, static_cast<size_t>(got));
      continue;
    }
    const std::string said = response(pending.substr(0, end));
    pending.erase(0, end + 4);
    if (send(fd, said.data(), said.size(), MSG_NOSIGNAL) < 0) return;
  }
}

std::string PlainResponse(const std::string& status, const std::string& body) {
  return "HTTP/1.1 " + status +
         "\r\nDate: Tue, 15 Nov 1994 08:12:31 GMT\r\nContent-Type: text/plain\r\n" +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

}  // namespace assay

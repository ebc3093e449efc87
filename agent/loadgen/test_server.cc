#include "agent/loadgen/test_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <ctime>

#include "common/monotonic_clock.h"

namespace assay::loadgen {
namespace {

constexpr int64_t kSecondNs = 1'000'000'000;

void CloseWithReset(int fd) {
  const linger reset{1, 0};
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
  close(fd);
}

bool SendAll(int fd, const std::string& bytes) {
  size_t sent = 0;
  while (sent < bytes.size()) {
    const ssize_t n = send(fd, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (n <= 0) return false;
    sent += static_cast<size_t>(n);
  }
  return true;
}

UniqueFd ListenUnix(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path.c_str(), sizeof(address.sun_path) - 1);
  UniqueFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) std::abort();
  return fd;
}

UniqueFd ListenLoopback(std::string* target) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  UniqueFd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  socklen_t length = sizeof(address);
  if (bind(fd.get(), reinterpret_cast<sockaddr*>(&address), length) != 0) std::abort();
  getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &length);
  *target = "127.0.0.1:" + std::to_string(ntohs(address.sin_port));
  return fd;
}

}  // namespace

TestServer::TestServer(Handler handler, const std::string& unix_path)
    : handler_(std::move(handler)) {
  if (unix_path.empty()) {
    listener_ = ListenLoopback(&target_);
  } else {
    listener_ = ListenUnix(unix_path);
    target_ = "unix:" + unix_path;
  }
  if (listen(listener_.get(), 1024) != 0) std::abort();
  accepter_ = std::thread([this] { Accept(); });
}

void TestServer::Kill() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (dead_.exchange(true)) return;
    for (const int fd : open_) shutdown(fd, SHUT_RD);  // Wakes its thread, which resets it.
  }
  accepter_.join();
  for (std::thread& thread : threads_) thread.join();
}

void TestServer::Accept() {
  while (!dead_) {
    pollfd readable{listener_.get(), POLLIN, 0};
    if (poll(&readable, 1, 10) == 0) continue;
    const int fd = accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) continue;
    const int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    const std::lock_guard<std::mutex> lock(mutex_);
    const uint64_t connection = connections_++;
    open_.push_back(fd);
    threads_.emplace_back([this, fd, connection] { Serve(fd, connection); });
  }
  listener_.reset();
}

bool TestServer::ReadRequest(int fd, std::string* pending, std::string* text) {
  for (;;) {
    const size_t head = pending->find("\r\n\r\n");
    if (head != std::string::npos) {
      size_t size = head + 4;
      const char* length = strcasestr(pending->c_str(), "content-length:");
      if (length != nullptr && length < pending->c_str() + head) size += std::atoll(length + 15);
      if (pending->size() >= size) {
        *text = pending->substr(0, size);
        pending->erase(0, size);
        return !dead_;
      }
    }
    char buffer[65536];
    const ssize_t n = recv(fd, buffer, sizeof(buffer), 0);
    if (n <= 0 || dead_) return false;
    pending->append(buffer, static_cast<size_t>(n));
  }
}

void TestServer::Rest(int64_t delay_ns) {
  const int64_t until = MonotonicNanos() + delay_ns;
  for (int64_t left = delay_ns; left > 0 && !dead_; left = until - MonotonicNanos()) {
    const int64_t nap = std::min(left, kSecondNs / 50);
    const timespec time{0, nap};
    nanosleep(&time, nullptr);
  }
}

void TestServer::Drip(int fd, const Reply& reply) {
  do {
    Rest(reply.drip_pause_ns);
  } while (!dead_ && SendAll(fd, reply.drip));
}

void TestServer::Serve(int fd, uint64_t connection) {
  std::string pending;
  std::vector<Answered> answered;
  Seen seen;
  seen.connection = connection;
  bool reset = false;
  while (ReadRequest(fd, &pending, &seen.text)) {
    const int64_t read_ns = MonotonicNanos();
    seen.request = requests_++;
    const Reply reply = handler_(seen);
    ++seen.request_of_connection;
    Rest(reply.delay_ns);
    const int64_t now = MonotonicNanos();
    if (dead_ || !SendAll(fd, reply.bytes)) break;
    answered.push_back({now, now - read_ns});
    if (!reply.drip.empty()) {
      Drip(fd, reply);
      break;
    }
    if (reply.then == Reply::Then::kKeep) continue;
    reset = reply.then == Reply::Then::kReset;
    break;
  }
  const std::lock_guard<std::mutex> lock(mutex_);
  open_.erase(std::find(open_.begin(), open_.end(), fd));
  answered_.insert(answered_.end(), answered.begin(), answered.end());
  if (reset || dead_) {
    CloseWithReset(fd);
  } else {
    close(fd);
  }
}

std::string TestServer::Ok(const std::string& body, const std::string& headers) {
  return "HTTP/1.1 200 OK\r\n" + headers + "Content-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + body;
}

}  // namespace assay::loadgen

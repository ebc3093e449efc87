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
#include <csignal>
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

TestServer::TestServer(Handler handler, const Config& config)
    : handler_(std::move(handler)), config_(config) {
  if (config.unix_path.empty()) {
    listener_ = ListenLoopback(&target_);
  } else {
    listener_ = ListenUnix(config.unix_path);
    target_ = "unix:" + config.unix_path;
  }
  // OpenSSL's own writes raise it.
  if (config.tls != nullptr) std::signal(SIGPIPE, SIG_IGN);
  if (listen(listener_.get(), 1024) != 0) std::abort();
  accepter_ = std::thread([this] { Accept(); });
}

bool TestServer::Wire::ReadMore() {
  char buffer[65536];
  const ssize_t n =
      ssl == nullptr ? recv(fd, buffer, sizeof(buffer), 0) : SSL_read(ssl, buffer, sizeof(buffer));
  if (n <= 0) return false;
  pending.append(buffer, static_cast<size_t>(n));
  return true;
}

bool TestServer::Wire::SendAll(const std::string& bytes) const {
  size_t sent = 0;
  while (sent < bytes.size()) {
    const size_t left = bytes.size() - sent;
    const ssize_t n = ssl == nullptr ? send(fd, bytes.data() + sent, left, MSG_NOSIGNAL)
                                     : SSL_write(ssl, bytes.data() + sent, static_cast<int>(left));
    if (n <= 0) return false;
    sent += static_cast<size_t>(n);
  }
  return true;
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

void TestServer::CloseIdle() {
  const std::lock_guard<std::mutex> lock(mutex_);
  for (const int fd : open_) shutdown(fd, SHUT_RD);  // Its thread finds the end, and closes it.
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

bool TestServer::TakeRequest(std::string& pending, Seen* seen) {
  const size_t head = pending.find("\r\n\r\n");
  if (head == std::string::npos) return false;
  size_t size = head + 4;
  const char* length = strcasestr(pending.c_str(), "content-length:");
  if (length != nullptr && length < pending.c_str() + head) size += std::atoll(length + 15);
  if (pending.size() < size) return false;
  seen->text = pending.substr(0, size);
  pending.erase(0, size);
  return true;
}

bool TestServer::TakeHttp2Request(std::string& pending, Seen* seen) {
  constexpr size_t kFrameHead = 9;
  constexpr char kHeaders = 1;
  while (pending.size() >= kFrameHead) {
    const auto byte = [&](size_t at) { return static_cast<uint8_t>(pending[at]); };
    const size_t size =
        kFrameHead + (size_t{byte(0)} << 16 | size_t{byte(1)} << 8 | size_t{byte(2)});
    if (pending.size() < size) return false;
    seen->stream =
        uint32_t{byte(5)} << 24 | uint32_t{byte(6)} << 16 | uint32_t{byte(7)} << 8 | byte(8);
    seen->text = pending.substr(0, size);
    pending.erase(0, size);
    if (seen->text[3] == kHeaders) return true;
  }
  return false;
}

bool TestServer::ReadRequest(Wire& wire, Seen* seen) const {
  const bool http2 = !config_.http2_greeting.empty();
  while (!(http2 ? TakeHttp2Request(wire.pending, seen) : TakeRequest(wire.pending, seen))) {
    if (!wire.ReadMore() || dead_) return false;
  }
  return !dead_;
}

void TestServer::Rest(int64_t delay_ns) {
  const int64_t until = MonotonicNanos() + delay_ns;
  for (int64_t left = delay_ns; left > 0 && !dead_; left = until - MonotonicNanos()) {
    const int64_t nap = std::min(left, kSecondNs / 50);
    const timespec time{0, nap};
    nanosleep(&time, nullptr);
  }
}

void TestServer::Drip(const Wire& wire, const Reply& reply) {
  do {
    Rest(reply.drip_pause_ns);
  } while (!dead_ && wire.SendAll(reply.drip));
}

void TestServer::Flood(const Wire& wire, const Reply& reply) {
  while (!dead_ && reply.tls_flood(wire.ssl)) {
    // Else what the client answers would fill its socket, and that would end its part in it.
    char unread[65536];
    while (recv(wire.fd, unread, sizeof(unread), MSG_DONTWAIT) > 0) {
    }
  }
}

bool TestServer::Open(Wire& wire) const {
  if (wire.ssl != nullptr) {
    SSL_set_fd(wire.ssl, wire.fd);
    if (SSL_accept(wire.ssl) != 1) return false;
  }
  if (config_.http2_greeting.empty()) return true;
  constexpr size_t kPreface = 24;
  while (wire.pending.size() < kPreface) {
    if (!wire.ReadMore()) return false;
  }
  wire.pending.erase(0, kPreface);
  return wire.SendAll(config_.http2_greeting);
}

bool TestServer::Converse(Wire& wire, uint64_t connection, std::vector<Answered>* answered) {
  Seen seen;
  seen.connection = connection;
  while (ReadRequest(wire, &seen)) {
    const int64_t read_ns = MonotonicNanos();
    seen.request = requests_++;
    const Reply reply = handler_(seen);
    ++seen.request_of_connection;
    Rest(reply.delay_ns);
    const int64_t now = MonotonicNanos();
    if (dead_ || !wire.SendAll(reply.bytes)) return false;
    answered->push_back({now, now - read_ns});
    if (reply.tls_flood) {
      Flood(wire, reply);
      return false;
    }
    if (!reply.drip.empty()) {
      Drip(wire, reply);
      return false;
    }
    if (reply.then != Reply::Then::kKeep) return reply.then == Reply::Then::kReset;
  }
  return false;
}

void TestServer::Serve(int fd, uint64_t connection) {
  Wire wire{fd, config_.tls == nullptr ? nullptr : SSL_new(config_.tls), {}};
  std::vector<Answered> answered;
  const bool reset = Open(wire) && Converse(wire, connection, &answered);
  if (wire.ssl != nullptr) {
    if (!reset && !dead_ && config_.close_notify) SSL_shutdown(wire.ssl);
    SSL_free(wire.ssl);
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

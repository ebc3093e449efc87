#include "server/net/acceptor.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

namespace assay::server {
namespace {

// Connections to accept before other targets get their turn.
constexpr int kAtOnce = 64;
constexpr int64_t kReportEveryNanos = 10'000'000'000;

}  // namespace

Acceptor::Acceptor(EventLoop& loop, ListeningSocket socket, OnConnection on_connection)
    : loop_(loop), socket_(std::move(socket)), on_connection_(std::move(on_connection)) {}

Acceptor::~Acceptor() { loop_.timers().Cancel(*this); }

bool Acceptor::Start() { return loop_.Watch(socket_.fd(), EPOLLIN, *this); }

void Acceptor::Stop() {
  Accept(1 << 16);
  loop_.timers().Cancel(*this);
  socket_.Close();
}

void Acceptor::OnEvents(uint32_t) { Accept(kAtOnce); }

void Acceptor::Accept(int limit) {
  for (int i = 0; i < limit; ++i) {
    UniqueFd connection(accept4(socket_.fd(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (connection.ok()) {
      const int error = on_connection_(std::move(connection));
      if (error == 0) continue;
      Pause(error);
      return;
    }
    switch (errno) {
      case EAGAIN:
        return;
      case EMFILE:
      case ENFILE:
      case ENOBUFS:
      case ENOMEM:
        Pause(errno);
        return;
      default:
        // An error of that one connection (ECONNABORTED, network errors).
        continue;
    }
  }
}

void Acceptor::Pause(int error) {
  if (paused_) return;
  paused_ = true;
  loop_.Unwatch(socket_.fd());
  loop_.timers().Schedule(*this, loop_.now_ns() + kPauseNanos);
  if (last_report_ns_ == INT64_MIN || loop_.now_ns() - last_report_ns_ > kReportEveryNanos) {
    last_report_ns_ = loop_.now_ns();
    std::fprintf(
        stderr,
        "server: cannot accept a connection: %s; clients wait until other connections close "
        "(ulimit -n and fs.epoll.max_user_watches limit their number)\n",
        std::strerror(error));
  }
}

void Acceptor::OnDeadline(int64_t now_ns) {
  paused_ = false;
  if (!Start()) {
    paused_ = true;
    loop_.timers().Schedule(*this, now_ns + kPauseNanos);
  }
}

}  // namespace assay::server

#include "server/net/worker.h"

#include <sys/epoll.h>

#include <ctime>
#include <utility>

#include "common/status_macros.h"

namespace assay::server {

absl::StatusOr<std::unique_ptr<Worker>> Worker::Create(const ServerOptions& options,
                                                       HttpHandler handler, ListeningSocket socket,
                                                       int stop_fd) {
  ASSAY_ASSIGN_OR_RETURN(EventLoop loop, EventLoop::Create());
  std::unique_ptr<Worker> worker(
      new Worker(options, std::move(handler), std::move(socket), std::move(loop), stop_fd));
  if (!worker->loop_.Watch(stop_fd, EPOLLIN, *worker) || !worker->acceptor_.Start()) {
    return absl::InternalError("cannot watch the listening socket");
  }
  return worker;
}

Worker::Worker(const ServerOptions& options, HttpHandler handler, ListeningSocket socket,
               EventLoop loop, int stop_fd)
    : loop_(std::move(loop)),
      stop_(stop_fd, options.stop_timeout),
      connections_(loop_, options.limits, std::move(handler), &stop_),
      acceptor_(loop_, std::move(socket),
                [this](UniqueFd connection) { return connections_.Adopt(std::move(connection)); }),
      stop_fd_(stop_fd) {}

void Worker::Run() {
  while (!stopping_) Turn(-1);
  acceptor_.Stop();
  connections_.BeginStop();
  const int64_t deadline_ns = stop_.deadline_ns();
  while (!connections_.empty() && loop_.now_ns() < deadline_ns) Turn(deadline_ns);
}

void Worker::Turn(int64_t wait_until_ns) {
  loop_.RunOnce(wait_until_ns, [this] { connections_.RefreshDate(std::time(nullptr)); });
}

void Worker::OnEvents(uint32_t) {
  stopping_ = stop_.Look(loop_.now_ns());
  loop_.Unwatch(stop_fd_);
}

}  // namespace assay::server

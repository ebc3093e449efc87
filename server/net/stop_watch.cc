#include "server/net/stop_watch.h"

#include <poll.h>

namespace assay::server {

StopWatch::StopWatch(int stop_fd, absl::Duration timeout)
    : stop_fd_(stop_fd), timeout_ns_(absl::ToInt64Nanoseconds(timeout)) {}

bool StopWatch::Look(int64_t now_ns) {
  if (deadline_ns_ != INT64_MAX) return true;
  pollfd polled = {.fd = stop_fd_, .events = POLLIN, .revents = 0};
  if (poll(&polled, 1, 0) <= 0) return false;
  deadline_ns_ = now_ns + timeout_ns_;
  return true;
}

}  // namespace assay::server

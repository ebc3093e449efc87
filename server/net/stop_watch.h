#ifndef ASSAY_SERVER_NET_STOP_WATCH_H_
#define ASSAY_SERVER_NET_STOP_WATCH_H_

#include <cstdint>

#include "absl/time/time.h"

namespace assay::server {

// Whether a server was told to stop, and when it has to be gone: `timeout` after that was seen. Time is told.
class StopWatch {
 public:
  // `stop_fd` is readable once the stop is asked for; it is not read.
  StopWatch(int stop_fd, absl::Duration timeout);

  // Whether the stop was asked for. Cost: a system call until it was.
  bool Look(int64_t now_ns);

  // INT64_MAX until Look() has seen the stop.
  int64_t deadline_ns() const { return deadline_ns_; }

 private:
  const int stop_fd_;
  const int64_t timeout_ns_;
  int64_t deadline_ns_ = INT64_MAX;
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_NET_STOP_WATCH_H_

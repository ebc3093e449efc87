#ifndef ASSAY_SERVER_NET_STOP_WATCH_H_
#define ASSAY_SERVER_NET_STOP_WATCH_H_

#include <cstdint>

#include "absl/time/time.h"

namespace assay::server {

// Whether a server was asked to stop, and the deadline: `timeout` after the request to stop was seen. The caller passes
// the time.
class StopWatch {
 public:
  // `stop_fd` becomes readable when the server must stop; it is not read.
  StopWatch(int stop_fd, absl::Duration timeout);

  // Whether a stop was requested. Cost: one system call per call until then.
  bool Look(int64_t now_ns);

  // The deadline; INT64_MAX until Look() has seen the request to stop.
  int64_t deadline_ns() const { return deadline_ns_; }

 private:
  const int stop_fd_;
  const int64_t timeout_ns_;
  int64_t deadline_ns_ = INT64_MAX;
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_NET_STOP_WATCH_H_

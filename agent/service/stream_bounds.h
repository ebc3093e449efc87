#ifndef ASSAY_AGENT_SERVICE_STREAM_BOUNDS_H_
#define ASSAY_AGENT_SERVICE_STREAM_BOUNDS_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "agent/jobs/strand.h"

namespace assay::agent {

// Bounds the number of open streams, and the time until each names its job. A stream takes about 14 KB, whether or not
// it ever names a job.
//
// Threads: any. `strand`, whose clock it uses, must outlive this and all tickets.
class StreamBounds {
 public:
  struct Limits {
    size_t most = 1'024;
    // Longest time until a stream must name its job.
    int64_t silence_ns = 30'000'000'000;
  };

  StreamBounds(Strand& strand, Limits limits) : strand_(strand), limits_(limits) {}

  // Counts one stream. Destroy it when the stream has ended.
  class Ticket {
   public:
    // Calls `end` once, on the strand, if the stream is silent for too long; never after Stop() or the destructor has
    // returned. `end` must not call the ticket.
    Ticket(StreamBounds& bounds, std::function<void()> end);
    ~Ticket();
    Ticket(const Ticket&) = delete;
    Ticket& operator=(const Ticket&) = delete;

    // Whether this stream exceeds the limit.
    bool too_many() const { return too_many_; }
    // Allows the stream to be silent from now on for `by_ns` plus Limits.silence_ns.
    void Extend(int64_t by_ns);
    // Allows the stream to be silent for any time.
    void Stop();

   private:
    struct Watch;

    StreamBounds& bounds_;
    const bool too_many_;
    const std::shared_ptr<Watch> watch_;
  };

 private:
  Strand& strand_;
  const Limits limits_;
  std::atomic<size_t> open_ = 0;
};

}  // namespace assay::agent

#endif  // ASSAY_AGENT_SERVICE_STREAM_BOUNDS_H_

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

// Bounds the streams that are open: each takes some 14 KB, whether or not it ever says what it is for.
//
// Threads: any. `strand`, whose clock it tells the time by, must outlive this and all tickets.
class StreamBounds {
 public:
  struct Limits {
    size_t most = 1'024;
    // How long a stream may be silent before it says which job it is for.
    int64_t silence_ns = 30'000'000'000;
  };

  StreamBounds(Strand& strand, Limits limits) : strand_(strand), limits_(limits) {}

  // One stream's place among them. Destroy it when the stream is over.
  class Ticket {
   public:
    // `end` is called once, on the strand, when the stream was silent for too long; never after Stop() or the
    // destructor has returned. It must not call the ticket.
    Ticket(StreamBounds& bounds, std::function<void()> end);
    ~Ticket();
    Ticket(const Ticket&) = delete;
    Ticket& operator=(const Ticket&) = delete;

    // Whether there are too many with this one.
    bool too_many() const { return too_many_; }
    // It may be silent from now on for so long, and the usual time.
    void Extend(int64_t by_ns);
    // It may be silent for ever.
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

#ifndef ASSAY_AGENT_LOADGEN_INTERVAL_BOOK_H_
#define ASSAY_AGENT_LOADGEN_INTERVAL_BOOK_H_

#include <atomic>
#include <cstdint>
#include <vector>

#include "absl/functional/function_ref.h"
#include "analysis/latency_histogram.h"

namespace assay::loadgen {

// What one load thread saw of the requests of one second of the window.
struct IntervalFigures {
  // Since the window began.
  uint32_t second = 0;
  uint64_t sent = 0;
  uint64_t ok = 0;
  uint64_t errors = 0;
  uint64_t timeouts = 0;
  // Of those three: sent more than once.
  uint64_t retried = 0;
  LatencyHistogram latency;
};

// How a window's seconds are kept in bounded memory: at most kMostSlots slots over all threads, or
// kMostOfThread a thread where that is more (27 MiB each).
struct IntervalPlan {
  static constexpr int kMostSlots = 256;
  static constexpr int kMostOfThread = 128;

  int slots = 1;
  // A second is closed, and may be harvested, when it is older than that.
  int keep_seconds = 1;
  // Longest time between two harvests for no second to lose its slot; 0: none is needed.
  int harvest_every_s = 0;

  // For a window of `window_s` (0: of unknown length) in which a request may end `latest_s` after it
  // was sent. Where the memory does not reach so far, seconds are kept for as long as it does, and
  // what ends later goes to the rest.
  static IntervalPlan For(int64_t window_s, int64_t latest_s, int threads);
};

// One load thread's figures of each second of its window, filed by when a request was (meant to be)
// sent, in a fixed number of slots: all memory is taken and touched beforehand, 216 KiB a slot. In
// a window with more seconds than slots another thread must Harvest() the old ones in time; figures
// for which there is no slot (any more) go to the rest, which belongs to the totals but to no
// second.
class IntervalBook {
 public:
  // A second is harvested when it is older than `keep_seconds`.
  IntervalBook(int slots, int keep_seconds);

  // Before the first figure.
  void Begin(int64_t window_begin_ns) {
    window_begin_ns_ = window_begin_ns;
    current_begin_ns_ = INT64_MIN;
  }

  // The figures that a request of that time belongs to. The load thread only. REQUIRES: at_ns >=
  // window begin.
  IntervalFigures& At(int64_t at_ns) {
    if (static_cast<uint64_t>(at_ns) - static_cast<uint64_t>(current_begin_ns_) < kSecond) {
      return *current_;
    }
    return Find(at_ns);
  }

  // Gives out the seconds that can get no more figures, in any order, and frees their slots. Any
  // one thread.
  void Harvest(absl::FunctionRef<void(const IntervalFigures&)> take);
  // All that is left, the rest excepted. After the load thread has ended.
  void HarvestAll(absl::FunctionRef<void(const IntervalFigures&)> take);
  const IntervalFigures& rest() const { return outside_; }

 private:
  static constexpr uint64_t kSecond = 1'000'000'000;
  static constexpr int64_t kFree = -1;

  struct Slot {
    std::atomic<int64_t> second{kFree};
    IntervalFigures figures;
  };

  IntervalFigures& Find(int64_t at_ns);
  void HarvestBefore(int64_t second, absl::FunctionRef<void(const IntervalFigures&)> take);

  const int keep_seconds_;
  int64_t window_begin_ns_ = 0;
  int64_t current_begin_ns_ = INT64_MIN;
  IntervalFigures* current_ = nullptr;
  int64_t newest_ = -1;
  // Seconds before this one get no more figures.
  std::atomic<int64_t> closed_before_{0};
  std::vector<Slot> slots_;
  IntervalFigures outside_;
};

}  // namespace assay::loadgen

#endif  // ASSAY_AGENT_LOADGEN_INTERVAL_BOOK_H_

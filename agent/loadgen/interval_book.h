#ifndef ASSAY_AGENT_LOADGEN_INTERVAL_BOOK_H_
#define ASSAY_AGENT_LOADGEN_INTERVAL_BOOK_H_

#include <atomic>
#include <cstdint>
#include <vector>

#include "absl/functional/function_ref.h"
#include "analysis/latency_histogram.h"

namespace assay::loadgen {

// Requests of one interval: a second of the window, or a slot. They count where they were (meant to be) sent.
struct IntervalCounts {
  // Index of the interval.
  uint32_t second = 0;
  uint64_t sent = 0;
  uint64_t ok = 0;
  uint64_t errors = 0;
  uint64_t timeouts = 0;
  // Of those three: sent more than once.
  uint64_t retried = 0;

  uint64_t ended() const { return ok + errors + timeouts; }
  // Adds another thread's counts of the same interval.
  void Add(const IntervalCounts& more) {
    sent += more.sent;
    ok += more.ok;
    errors += more.errors;
    timeouts += more.timeouts;
    retried += more.retried;
  }
};

// One load thread's view of one interval.
struct IntervalFigures : IntervalCounts {
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
  // For a run in slots: the load thread harvests each slot when its drain is over, so that two or three are in use.
  static IntervalPlan ForSlots();
};

// One load thread's figures of each interval of its run, filed by when a request was (meant to be)
// sent, in a fixed number of slots: all memory is taken and touched beforehand, 216 KiB a slot. An interval is a second
// of the window unless Begin() says otherwise. In a window with more seconds than slots another thread must Harvest() the
// old ones in time; figures for which there is no slot (any more) go to the rest, which belongs to the totals but to no
// interval.
class IntervalBook {
 public:
  // A second is harvested when it is older than `keep_seconds`.
  IntervalBook(int slots, int keep_seconds);

  // Before the first figure: when interval 0 begins, and the length of each.
  void Begin(int64_t begin_ns, int64_t interval_ns = kSecond) {
    begin_ns_ = begin_ns;
    interval_ns_ = interval_ns;
    current_begin_ns_ = INT64_MIN;
  }
  // The begin of the interval of that time. REQUIRES: at_ns is not before that of interval 0.
  int64_t IntervalBegin(int64_t at_ns) const {
    return begin_ns_ + (at_ns - begin_ns_) / interval_ns_ * interval_ns_;
  }

  // The figures that a request of that time belongs to. The load thread only. REQUIRES: as IntervalBegin().
  IntervalFigures& At(int64_t at_ns) {
    if (static_cast<uint64_t>(at_ns) - static_cast<uint64_t>(current_begin_ns_) <
        static_cast<uint64_t>(interval_ns_)) {
      return *current_;
    }
    return Find(at_ns);
  }

  // Gives out the seconds that can get no more figures, in any order, and frees their slots. Any
  // one thread.
  void Harvest(absl::FunctionRef<void(const IntervalFigures&)> take);
  // All that is left, the rest excepted; what is filed later has an empty slot again. By the load thread, or after it has
  // ended.
  void HarvestAll(absl::FunctionRef<void(const IntervalFigures&)> take);
  const IntervalFigures& rest() const { return outside_; }

 private:
  static constexpr int64_t kSecond = 1'000'000'000;
  static constexpr int64_t kFree = -1;

  struct Slot {
    std::atomic<int64_t> second{kFree};
    IntervalFigures figures;
  };

  IntervalFigures& Find(int64_t at_ns);
  void HarvestBefore(int64_t second, absl::FunctionRef<void(const IntervalFigures&)> take);

  const int keep_seconds_;
  int64_t begin_ns_ = 0;
  int64_t interval_ns_ = kSecond;
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

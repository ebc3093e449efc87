#ifndef ASSAY_AGENT_LOADGEN_LOAD_PHASES_H_
#define ASSAY_AGENT_LOADGEN_LOAD_PHASES_H_

#include <atomic>
#include <cstdint>
#include <optional>

#include "agent/loadgen/load_window.h"
#include "common/unique_fd.h"

namespace assay::loadgen {

// What a load thread did over its window, beside what its Recorder counted.
struct LoadTimes {
  // As it was: a stop ends it early. Both are 0 when it never began.
  int64_t begin_ns = 0;
  int64_t end_ns = 0;
  // CPU time of the thread, and the time of its turns with work in them, over the window (and the
  // wait for the last responses, where requests are counted), and the responses that came between the two readings.
  int64_t cpu_ns = 0;
  int64_t busy_ns = 0;
  int64_t observed_ns = 0;
  uint64_t responses = 0;
  // In that time, for how long the thread was ready to run and another had its CPU; not set where the kernel does not
  // tell.
  std::optional<int64_t> run_delay_ns;
  // It ended before its number of requests, for nobody was there to send them to.
  bool gave_up = false;
  // Requests of the window without an end.
  uint64_t in_flight = 0;
};

// CPU time of the calling thread.
int64_t ThreadCpuNanos();

// For how long the calling thread has waited in the kernel's run queue, from schedstat of its task. The file is opened
// beforehand, so that it can be read at a window's ends.
class RunDelayClock {
 public:
  // Of the calling thread.
  RunDelayClock();
  // Nothing where the kernel does not tell. Cost: 1 us.
  std::optional<int64_t> Nanos() const;

 private:
  UniqueFd file_;
};

// The phases of a load thread's run: warm-up, window, drain, done. Told the time, it keeps the
// accounts that belong to the changes.
//
// Threads: the load thread's alone, which creates it, but for `stop` and `abandon`.
class LoadPhases {
 public:
  enum class Phase { kWarmup, kWindow, kDrain, kDone };

  // `abandon`: ends the drain; null: only its time does.
  LoadPhases(const LoadWindow& window, int64_t drain_ns, bool by_count,
             const std::atomic<bool>* stop, const std::atomic<bool>* abandon = nullptr)
      : window_(window), drain_ns_(drain_ns), by_count_(by_count), stop_(stop), abandon_(abandon) {}

  // After each turn. `all_sent`: there is nothing to send any more; `in_flight`: requests under
  // way; `busy_ns`: the pool's account; `responses`: all that came until now.
  Phase Advance(int64_t now_ns, bool all_sent, int64_t in_flight, int64_t busy_ns,
                uint64_t responses);

  const LoadWindow& window() const { return window_; }
  Phase phase() const { return phase_; }
  // The next change that comes by time.
  int64_t NextNs() const;
  bool MaySend(int64_t now_ns) const { return phase_ < Phase::kDrain && now_ns < window_.end_ns; }
  // Whether what is sent (or due) at that time belongs to the window.
  bool Counts(int64_t at_ns) const { return at_ns >= window_.begin_ns && at_ns < window_.end_ns; }
  const LoadTimes& times() const { return times_; }
  LoadTimes& times() { return times_; }

 private:
  void BeginAccounts(int64_t now_ns, int64_t busy_ns, uint64_t responses);
  void EndAccounts(int64_t now_ns, int64_t busy_ns, uint64_t responses);

  LoadWindow window_;
  const int64_t drain_ns_;
  const bool by_count_;
  const std::atomic<bool>* const stop_;
  const std::atomic<bool>* const abandon_;
  const RunDelayClock run_delay_;
  Phase phase_ = Phase::kWarmup;
  int64_t drain_end_ns_ = 0;
  bool accounts_open_ = false;
  int64_t accounts_begin_ns_ = 0;
  LoadTimes times_;
};

}  // namespace assay::loadgen

#endif  // ASSAY_AGENT_LOADGEN_LOAD_PHASES_H_

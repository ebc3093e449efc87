#ifndef ASSAY_AGENT_LOADGEN_LOAD_PHASES_H_
#define ASSAY_AGENT_LOADGEN_LOAD_PHASES_H_

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "agent/loadgen/load_window.h"
#include "agent/loadgen/sending_periods.h"
#include "common/unique_fd.h"

namespace assay::loadgen {

// What a load thread did in one period, beside what its Recorder counted.
struct LoadTimes {
  // The part that counts. A stop ends it early. Both are 0 if it never began.
  int64_t begin_ns = 0;
  int64_t end_ns = 0;
  // CPU time of the thread, and the time of its turns with work in them, and the responses that arrived meanwhile. From
  // begin_ns to end_ns; with a number of requests until the last response; in slots from the slot's begin until the
  // drain ended.
  int64_t cpu_ns = 0;
  int64_t busy_ns = 0;
  uint64_t responses = 0;
  // The time that shares of these are taken of. In slots only the time of sending, without the drain.
  int64_t observed_ns = 0;
  // Time in which the thread was runnable while another one used its CPU, in the same time. In slots it includes the
  // wait for the CPU at the slot's begin. Not set if the kernel does not report it.
  std::optional<int64_t> run_delay_ns;
  // Right responses that arrived between begin_ns and end_ns.
  uint64_t ok = 0;
  // From the end of sending until the last response, or until the drain was given up.
  int64_t drain_ns = 0;
  // In slots: requests without a response when the next slot began.
  uint64_t overdue = 0;
  // It ended before its number of requests, for nobody was there to send them to.
  bool gave_up = false;

  // Adds a later slot: the sums of CPU time, responses and so on.
  void AddSlot(const LoadTimes& slot);
};

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

// The phases of one period: warm-up (in slots: the settling time), window, drain, done. It is told the time, and reads
// the clocks at the changes of phase.
//
// Threads: the load thread's alone, which creates it, except `stop` and `abandon`.
class LoadPhases {
 public:
  enum class Phase { kWarmup, kWindow, kDrain, kDone };
  struct Config {
    // Longest drain of the last period. Between slots the drain lasts until the next period begins at the latest.
    int64_t drain_ns = 0;
    // A number of requests ends the window.
    bool by_count = false;
    // Ends the sending.
    const std::atomic<bool>* stop = nullptr;
    // Ends the drain. May be null.
    const std::atomic<bool>* abandon = nullptr;
    // Of the load thread.
    const RunDelayClock* run_delay = nullptr;
  };

  // In slots, to be created before the wait for the slot: it may be a wait for the CPU, too. `periods` and what `config`
  // points to must outlive it.
  LoadPhases(const SendingPeriods& periods, size_t period, const Config& config);

  // At the begin of the period, before Advance(). The arguments are those of Advance().
  void Begin(int64_t now_ns, int64_t busy_ns, uint64_t responses) {
    if (periods_.in_slots()) BeginAccounts(now_ns, busy_ns, responses);
  }
  // After each turn. `all_sent`: there is nothing to send any more; `in_flight`: requests under
  // way; `busy_ns`: the pool's account; `responses`: all that came until now.
  Phase Advance(int64_t now_ns, bool all_sent, int64_t in_flight, int64_t busy_ns,
                uint64_t responses);

  const SendingPeriods& periods() const { return periods_; }
  const LoadWindow& window() const { return window_; }
  Phase phase() const { return phase_; }
  // The next change that comes by time.
  int64_t NextNs() const;
  bool MaySend(int64_t now_ns) const { return phase_ < Phase::kDrain && now_ns < window_.end_ns; }
  // Whether a loop may spin while it waits. In slots, not when another execution's slot has begun.
  bool MaySpin(int64_t now_ns) const { return now_ns < next_slot_ns_; }
  // Requests in flight at the last Advance().
  int64_t in_flight() const { return in_flight_; }
  // Whether what is sent (or due) at that time belongs to the window.
  bool Counts(int64_t at_ns) const { return at_ns >= window_.begin_ns && at_ns < window_.end_ns; }
  const LoadTimes& times() const { return times_; }
  LoadTimes& times() { return times_; }

 private:
  void BeginAccounts(int64_t now_ns, int64_t busy_ns, uint64_t responses);
  void EndAccounts(int64_t now_ns, int64_t busy_ns, uint64_t responses);
  void BeginDrain(int64_t now_ns, bool stopped);

  const SendingPeriods& periods_;
  LoadWindow window_;
  const int64_t next_slot_ns_;
  const int64_t next_period_ns_;
  const Config config_;
  Phase phase_ = Phase::kWarmup;
  int64_t in_flight_ = 0;
  bool drained_at_once_ = true;
  int64_t drain_end_ns_ = 0;
  // When the next slot begins, while what is overdue then is not counted yet; INT64_MAX afterwards.
  int64_t overdue_at_ns_;
  bool accounts_open_ = false;
  int64_t accounts_begin_ns_ = 0;
  LoadTimes times_;
};

}  // namespace assay::loadgen

#endif  // ASSAY_AGENT_LOADGEN_LOAD_PHASES_H_

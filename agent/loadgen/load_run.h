#ifndef ASSAY_AGENT_LOADGEN_LOAD_RUN_H_
#define ASSAY_AGENT_LOADGEN_LOAD_RUN_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "agent/load_protocol/sample_ring.h"
#include "agent/loadgen/interval_totals.h"
#include "agent/loadgen/load_result.h"
#include "agent/loadgen/load_thread.h"
#include "agent/loadgen/options.h"
#include "agent/loadgen/sending_periods.h"
#include "agent/loadgen/target_address.h"
#include "agent/loadgen/tls_channel.h"
#include "common/unique_fd.h"

namespace assay::loadgen {

// One run of the load threads: Prepare(), Start(), wait, Finish().
//
// Threads: the main thread's, but for Stop(). While the threads run it may sleep: nothing here needs it but
// HarvestSeconds(), in long windows.
class LoadRun {
 public:
  // `options`, and `ring` where it is not null (it has a ring for each thread), must outlive the run.
  static absl::StatusOr<std::unique_ptr<LoadRun>> Create(const LoadOptions* options,
                                                         SampleRing* ring);
  // Stops and joins.
  ~LoadRun();

  // Starts the threads and returns when every connection is open and the idle gaps are observed, or with what failed
  // (kUnavailable: no connection; anything else: not a matter of the server).
  absl::Status Prepare();
  IdleGapFigures idle_gaps() const;
  std::string actual_cpus() const;

  // Begins the warm-up, or the schedule of the slots, at that time. After Prepare(), once.
  void Start(int64_t start_ns);
  // Ends the sending now; the drain follows. Any thread, any time. The first reason stays.
  void Stop(StoppedBy reason = StoppedBy::kNobody);
  // Ends the drain as well: what is unanswered stays in flight.
  void Abandon();
  bool stopping() const { return stop_.load(std::memory_order_relaxed); }

  // Readable when a thread has ended; call ended() then.
  int done_fd() const { return done_fd_.get(); }
  bool ended();

  bool in_slots() const { return options_->slots != nullptr; }
  // In slots, after Start(): the next time at which the main thread may work without disturbing another execution: when
  // the load of an own slot ends, or when the slots of all executions are over.
  int64_t NextQuietNs(int64_t now_ns) const { return periods_->NextLoadEndNs(now_ns); }
  // Before that time the main thread must not report. INT64_MIN: it may when the threads have ended.
  int64_t report_from_ns() const {
    return stopping() || !periods_.has_value() ? INT64_MIN : periods_->schedule_end_ns();
  }

  // Must be called this often during the run, for the seconds' memory is bounded; 0: never.
  int64_t harvest_every_ns() const;
  void HarvestSeconds();
  // Of the seconds harvested so far; what was late for them stands above all others.
  LatencyHistogram latency_until_now() const { return ledger_.TotalWithLate(); }

  // While it runs. Lateness of the latest thread, once all have begun; right responses and failed requests until a second
  // ago.
  std::optional<int64_t> lateness_ns() const;
  uint64_t live_ok() const;
  uint64_t live_failed() const;

  // Joins the threads: what was measured. After Start() and ended(), or a Prepare() that failed.
  LoadResult Finish();

 private:
  LoadRun(const LoadOptions* options, SampleRing* ring);
  void LaunchThreads();
  void FinishWindow(LoadResult& result) const;
  void FinishSlots(LoadResult& result);

  const LoadOptions* const options_;
  SampleRing* const ring_;
  const IntervalPlan seconds_;
  std::optional<SendingPeriods> periods_;
  TargetAddress target_;
  StartGate gate_;
  std::atomic<bool> stop_{false};
  std::atomic<bool> abandon_{false};
  std::atomic<StoppedBy> stopped_by_{StoppedBy::kNobody};
  std::unique_ptr<TlsContext> tls_;
  UniqueFd wake_fd_;
  UniqueFd done_fd_;
  uint64_t threads_ended_ = 0;
  IntervalTotals ledger_;
  std::vector<std::unique_ptr<LoadThread>> threads_;
};

}  // namespace assay::loadgen

#endif  // ASSAY_AGENT_LOADGEN_LOAD_RUN_H_

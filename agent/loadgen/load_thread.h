#ifndef ASSAY_AGENT_LOADGEN_LOAD_THREAD_H_
#define ASSAY_AGENT_LOADGEN_LOAD_THREAD_H_

#include <array>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "agent/load_protocol/sample_ring.h"
#include "agent/loadgen/connection_pool.h"
#include "agent/loadgen/idle_gaps.h"
#include "agent/loadgen/interval_book.h"
#include "agent/loadgen/interval_totals.h"
#include "agent/loadgen/load_loop.h"
#include "agent/loadgen/load_phases.h"
#include "agent/loadgen/options.h"
#include "agent/loadgen/outcome.h"
#include "agent/loadgen/recorder.h"
#include "agent/loadgen/request_mix.h"
#include "agent/loadgen/sending_periods.h"
#include "agent/loadgen/target_address.h"
#include "agent/loadgen/tls_channel.h"

namespace assay::loadgen {

// How each load thread of such a run keeps its seconds.
IntervalPlan PlanSeconds(const LoadOptions& options);

// Where load threads and the main thread meet before and after a run; between the two nobody waits on anybody.
class StartGate {
 public:
  explicit StartGate(int threads) : threads_(threads) {}

  // Load threads: I am ready, or have failed. Then when to send, or null when it was cancelled.
  void ReportReady();
  const SendingPeriods* WaitForStart();

  // Main thread. `periods` must outlive the load threads.
  void WaitUntilReady();
  void Start(const SendingPeriods* periods);
  void Cancel();

 private:
  const int threads_;
  std::mutex mutex_;
  std::condition_variable changed_;
  int ready_ = 0;
  bool cancelled_ = false;
  const SendingPeriods* periods_ = nullptr;
};

// One load thread: its share of the connections and requests, its recorder, its CPU. It takes all its memory before
// the window, and in the window neither allocates nor locks nor logs.
//
// In slots it sleeps from the end of a drain until its next slot begins: nothing wakes it but a stop. What happens to its
// connections meanwhile waits in the kernel, and is dealt with before the first request of the slot.
class LoadThread {
 public:
  struct Share {
    int index = 0;
    int connections = 1;
    uint64_t request_count = 0;
    uint64_t queue_limit = 0;
    // -1: not pinned.
    int cpu = -1;
  };
  // Common to all threads of a run.
  struct Common {
    const LoadOptions* options = nullptr;
    // Where to connect: options->target, at one of its addresses.
    const TargetAddress* target = nullptr;
    IntervalPlan seconds;
    // In slots: where each thread adds the figures of a slot when its drain is over.
    IntervalTotals* totals = nullptr;
    // Null: raw samples go nowhere.
    SampleRing* ring = nullptr;
    // Null: no TLS.
    const TlsContext* tls = nullptr;
    StartGate* gate = nullptr;
    // Tells the threads to stop sending; `wake_fd` becomes readable with it, and stays so.
    const std::atomic<bool>* stop = nullptr;
    // Tells them not to wait for responses any more; `wake_fd` as well.
    const std::atomic<bool>* abandon = nullptr;
    int wake_fd = -1;
    // Each thread adds 1 when it has ended.
    int done_fd = -1;
  };

  // Starts the thread, which opens its connections, observes its core, and reports to the gate. What `common` points
  // to must outlive it.
  LoadThread(const Share& share, const Common& common);
  // Joins: the gate must have been started or cancelled.
  ~LoadThread();
  void Join();

  // After it reported ready: why it could not be, and the counts of what failed.
  const absl::Status& ready() const { return ready_; }
  const std::array<uint64_t, kOutcomes>& open_failures() const { return open_failures_; }
  const IdleGapFigures& idle_gaps() const { return idle_gaps_; }
  const std::string& actual_cpus() const { return actual_cpus_; }

  // Seconds that are over may be harvested while it runs.
  IntervalBook& book() { return book_; }
  const LiveFigures& live() const { return live_; }

  // After Join().
  const Recorder& recorder() const { return recorder_; }
  // Of each period that began, in order.
  const std::vector<LoadTimes>& times() const { return times_; }
  // Requests that count and have not ended.
  uint64_t in_flight() const { return in_flight_; }
  uint64_t reconnects() const { return reconnects_; }

 private:
  void Body();
  absl::Status GetReady();
  std::unique_ptr<LoadLoop> MakeLoop();
  absl::Status MakePool();
  void Run(const SendingPeriods& periods);
  // False: a stop came first.
  bool SleepUntilSlot(int64_t begin_ns) const;
  bool stopped() const { return common_.stop->load(std::memory_order_relaxed); }

  const Share share_;
  const Common common_;
  IntervalBook book_;
  LiveFigures live_;
  Recorder recorder_;
  std::unique_ptr<RequestMix> mix_;
  std::unique_ptr<LoadLoop> loop_;
  std::unique_ptr<ConnectionPool> pool_;
  absl::Status ready_;
  std::array<uint64_t, kOutcomes> open_failures_{};
  IdleGapFigures idle_gaps_;
  std::string actual_cpus_;
  std::vector<LoadTimes> times_;
  uint64_t in_flight_ = 0;
  uint64_t reconnects_ = 0;
  std::thread thread_;  // The last: it uses all the others.
};

}  // namespace assay::loadgen

#endif  // ASSAY_AGENT_LOADGEN_LOAD_THREAD_H_

#ifndef ASSAY_AGENT_LOADGEN_LOAD_RESULT_H_
#define ASSAY_AGENT_LOADGEN_LOAD_RESULT_H_

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "agent/loadgen/idle_gaps.h"
#include "agent/loadgen/interval_totals.h"
#include "agent/loadgen/load_phases.h"
#include "agent/loadgen/recorder.h"
#include "analysis/figures.h"
#include "analysis/latency_histogram.h"
#include "analysis/response_counts.h"

namespace assay::loadgen {

// What ended a run before its window was over.
enum class StoppedBy {
  kNobody,
  kSignal,
  kUntil,  // The quantile of --until is known.
  kAgent,
  kUnreachable,  // No connection could be opened for a whole timeout.
};

// What a run measured, over all its load threads.
struct LoadResult {
  bool open_loop = false;
  // sent = ok + errors + timeouts + in_flight, unless accounting_error says otherwise.
  uint64_t sent = 0;
  uint64_t ok = 0;
  // Right responses that came within the window, those to warm-up requests among them.
  uint64_t ok_in_window = 0;
  uint64_t errors = 0;
  uint64_t timeouts = 0;
  uint64_t in_flight = 0;
  // Of ok, errors and timeouts: sent more than once, because the server had not processed them.
  uint64_t retried = 0;
  // Of the number that was asked for; 0 where none was.
  uint64_t not_sent = 0;
  uint64_t warmup_requests = 0;
  uint64_t bytes_read = 0;
  uint64_t reconnects = 0;
  std::map<int, uint64_t> status;
  // By name.
  std::map<std::string, uint64_t> error_kinds;
  // Requests that ended, by Outcome: the counts of error_kinds, ok and timeouts.
  std::array<uint64_t, kOutcomes> outcomes{};
  int64_t duration_ns = 0;
  // Actual start minus the one asked for, of the latest thread.
  int64_t lateness_ns = 0;
  // From intended send in open loop, from actual send in closed loop.
  LatencyHistogram latency;
  LatencyHistogram service;
  // Empty in closed loop.
  LatencyHistogram send_lag;
  int64_t cpu_ns = 0;
  // Responses between the two readings of cpu_ns.
  uint64_t cpu_responses = 0;
  // Time of turns with work in them, of all threads.
  int64_t busy_ns = 0;
  bool spins = false;
  // Of the busiest thread, which is the one that limits: time in turns with work in them, and on the CPU.
  double busy_share = 0;
  double cpu_share = 0;
  // Of the thread that waited longest for its CPU; not set where the kernel does not tell.
  std::optional<double> run_delay_share = 0;
  // When responses came, over all threads.
  ResponseCounts responses;
  // Closed loop, as Tally has them.
  int64_t flight_ns = 0;
  int64_t think_ns = 0;
  uint64_t cycles = 0;
  uint64_t samples_recorded = 0;
  uint64_t samples_lost = 0;
  uint32_t connections = 0;
  double offered_per_s = 0;
  // Of the worst thread.
  IdleGapFigures idle_gaps;
  std::string actual_cpus;
  // Each of the window, ascending.
  std::vector<Interval> seconds;
  // The run was in slots, whose intervals are `seconds`. duration_ns is then the sum of what counts of each slot, and CPU
  // time that of the slots. overdue_slots: slots, warm-up included, in which a request had no response when the next slot
  // began; longest_drain_ns: of any slot.
  bool in_slots = false;
  uint32_t overdue_slots = 0;
  int64_t longest_drain_ns = 0;
  // Requests in the totals but in none of them: they ended later than their second was kept.
  uint64_t outside_seconds = 0;
  // Largest resident set of this process.
  int64_t rss_bytes = 0;
  // It was ended early, and by what.
  bool stopped = false;
  StoppedBy stopped_by = StoppedBy::kNobody;
  // A bug of ours, for people; empty when the account is right.
  std::string accounting_error;

  uint64_t requests() const { return ok + errors + timeouts; }
  double duration_s() const { return static_cast<double>(duration_ns) / 1e9; }
  // Right responses a second of the window: also where a queue is answered long after it.
  double ok_per_s() const {
    return duration_ns == 0 ? 0 : static_cast<double>(ok_in_window) / duration_s();
  }
  // CPU time; of a loop that spins while it waits, the time in which it worked.
  int64_t work_ns() const { return spins ? busy_ns : cpu_ns; }
  // CPU a request and think time, derived as a campaign's are.
  Figures figures() const;

  void Add(const Tally& tally);
  // Connections that could not be opened before the window: each is a request that failed.
  void AddOpenFailures(const std::array<uint64_t, kOutcomes>& failures);
  void Add(const LoadTimes& times);
  void Check();

 private:
  void AddOutcomes(const std::array<uint64_t, kOutcomes>& counts);
};

}  // namespace assay::loadgen

#endif  // ASSAY_AGENT_LOADGEN_LOAD_RESULT_H_

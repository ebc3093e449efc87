#ifndef ASSAY_AGENT_LOADGEN_INTERVAL_TOTALS_H_
#define ASSAY_AGENT_LOADGEN_INTERVAL_TOTALS_H_

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <vector>

#include "agent/loadgen/interval_book.h"
#include "agent/loadgen/load_phases.h"
#include "analysis/latency_histogram.h"

namespace assay::loadgen {

// What all load threads did in one slot: SlotFigures of proto/samples.proto, which describes them.
struct SlotAccount {
  // What one thread did. `spins`: see LoadResult::work_ns().
  void Add(const LoadTimes& times, bool spins);

  uint64_t ok = 0;
  uint64_t responses = 0;
  int64_t work_ns = 0;
  int64_t drain_ns = 0;
  std::optional<int64_t> run_delay_ns = 0;
  uint64_t overdue = 0;
};

// An interval over all load threads, in little memory: about 16 bytes a nonempty bucket.
struct Interval : IntervalCounts {
  LatencyHistogram::Parts latency;
  // In slots.
  std::optional<SlotAccount> slot;
};

// Gathers the intervals of all load threads, and their total.
//
// Threads: any may Add(); all else is for one, while nobody adds.
class IntervalTotals {
 public:
  // An interval of one thread, or a part of one. Cost: about 100 us.
  void Add(const IntervalFigures& figures);
  // There is a row for this interval, also if nothing was sent in it.
  void Expect(uint32_t second) { rows_[second].second = second; }
  // What belongs to the total but to no second.
  void AddOutside(const IntervalFigures& figures) { total_.Merge(figures.latency); }

  const LatencyHistogram& total() const { return total_; }
  // The total with each request of the gathered seconds that had not ended when its second was closed: it
  // was slower than what is known, so that it stands above all others, as overflow. Right while the run lasts.
  LatencyHistogram TotalWithLate() const;
  // Ascending; of the first `seconds` none is missing: those in which nothing was sent are how a stall looks.
  std::vector<Interval> TakeIntervals(int64_t seconds = 0);

 private:
  std::mutex adding_;
  std::map<uint32_t, Interval> rows_;
  // Requests without an end when their second was gathered.
  uint64_t late_ = 0;
  LatencyHistogram total_;
};

}  // namespace assay::loadgen

#endif  // ASSAY_AGENT_LOADGEN_INTERVAL_TOTALS_H_

#ifndef ASSAY_AGENT_LOADGEN_INTERVAL_TOTALS_H_
#define ASSAY_AGENT_LOADGEN_INTERVAL_TOTALS_H_

#include <cstdint>
#include <map>
#include <vector>

#include "agent/loadgen/interval_book.h"
#include "analysis/latency_histogram.h"

namespace assay::loadgen {

// A second over all load threads, in little memory: about 16 bytes a nonempty bucket.
struct Interval {
  uint32_t second = 0;
  uint64_t sent = 0;
  uint64_t ok = 0;
  uint64_t errors = 0;
  uint64_t timeouts = 0;
  uint64_t retried = 0;
  LatencyHistogram::Parts latency;
};

// Gathers the seconds of all load threads, and their total.
class IntervalTotals {
 public:
  // A second of one thread; each once.
  void Add(const IntervalFigures& figures);
  // What belongs to the total but to no second.
  void AddOutside(const IntervalFigures& figures) { total_.Merge(figures.latency); }

  const LatencyHistogram& total() const { return total_; }
  // The total with each request of the gathered seconds that had not ended when its second was closed: it
  // was slower than what is known, so that it stands above all others, as overflow. Right while the run lasts.
  LatencyHistogram TotalWithLate() const;
  // Ascending; of the first `seconds` none is missing: those in which nothing was sent are how a stall looks.
  std::vector<Interval> TakeIntervals(int64_t seconds = 0);

 private:
  std::map<uint32_t, Interval> rows_;
  // Requests without an end when their second was gathered.
  uint64_t late_ = 0;
  LatencyHistogram total_;
};

}  // namespace assay::loadgen

#endif  // ASSAY_AGENT_LOADGEN_INTERVAL_TOTALS_H_

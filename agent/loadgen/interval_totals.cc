#include "agent/loadgen/interval_totals.h"

#include <utility>

#include "absl/status/statusor.h"

namespace assay::loadgen {

void IntervalTotals::Add(const IntervalFigures& figures) {
  total_.Merge(figures.latency);
  const uint64_t ended = figures.ok + figures.errors + figures.timeouts;
  if (figures.sent > ended) late_ += figures.sent - ended;
  Interval& row = rows_[figures.second];
  row.second = figures.second;
  row.sent += figures.sent;
  row.ok += figures.ok;
  row.errors += figures.errors;
  row.timeouts += figures.timeouts;
  row.retried += figures.retried;
  if (row.latency.buckets.empty() && row.latency.overflow_count == 0) {
    row.latency = figures.latency.ToParts();
    return;
  }
  absl::StatusOr<LatencyHistogram> merged = LatencyHistogram::FromParts(row.latency);
  if (!merged.ok()) return;  // Parts of our own making.
  merged->Merge(figures.latency);
  row.latency = merged->ToParts();
}

LatencyHistogram IntervalTotals::TotalWithLate() const {
  LatencyHistogram::Parts parts;
  parts.overflow_count = late_;
  parts.min_ns = parts.max_ns = LatencyHistogram::kMaxNanos + 1;
  uint64_t sum = 0;
  // Saturates, as a histogram's does.
  if (__builtin_mul_overflow(late_, static_cast<uint64_t>(parts.max_ns), &sum)) sum = UINT64_MAX;
  parts.sum_ns = sum;
  absl::StatusOr<LatencyHistogram> whole = LatencyHistogram::FromParts(parts);
  if (!whole.ok()) return total_;  // Parts of our own making.
  whole->Merge(total_);
  return *std::move(whole);
}

std::vector<Interval> IntervalTotals::TakeIntervals(int64_t seconds) {
  for (int64_t i = 0; i < seconds; ++i) {
    const auto second = static_cast<uint32_t>(i);
    rows_[second].second = second;
  }
  std::vector<Interval> rows;
  rows.reserve(rows_.size());
  for (auto& [second, row] : rows_) rows.push_back(std::move(row));
  rows_.clear();
  return rows;
}

}  // namespace assay::loadgen

#include "agent/loadgen/interval_totals.h"

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

namespace assay::loadgen {
namespace {

// As LatencyHistogram::Merge(), and never the 216 KiB that a histogram takes.
void MergeParts(const LatencyHistogram& more, LatencyHistogram::Parts& into) {
  if (more.empty()) return;
  const bool first = into.buckets.empty() && into.overflow_count == 0;
  const std::vector<LatencyHistogram::Bucket> before = std::exchange(into.buckets, {});
  auto old = before.begin();
  more.ForEachBucket([&](uint32_t index, uint64_t count) {
    while (old != before.end() && old->index < index) into.buckets.push_back(*old++);
    const bool both = old != before.end() && old->index == index;
    into.buckets.push_back({index, both ? count + (old++)->count : count});
  });
  into.buckets.insert(into.buckets.end(), old, before.end());
  into.overflow_count += more.overflow_count();
  into.min_ns = first ? more.min_ns() : std::min(into.min_ns, more.min_ns());
  into.max_ns = first ? more.max_ns() : std::max(into.max_ns, more.max_ns());
  if (__builtin_add_overflow(into.sum_ns, more.sum_ns(), &into.sum_ns)) into.sum_ns = UINT64_MAX;
}

}  // namespace

void SlotAccount::Add(const LoadTimes& times, bool spins) {
  ok += times.ok;
  responses += times.responses;
  work_ns += spins ? times.busy_ns : times.cpu_ns;
  drain_ns = std::max(drain_ns, times.drain_ns);
  overdue += times.overdue;
  if (!times.run_delay_ns.has_value()) run_delay_ns.reset();
  if (run_delay_ns.has_value()) *run_delay_ns = std::max(*run_delay_ns, *times.run_delay_ns);
}

void IntervalTotals::Add(const IntervalFigures& figures) {
  const std::lock_guard<std::mutex> lock(adding_);
  total_.Merge(figures.latency);
  if (figures.sent > figures.ended()) late_ += figures.sent - figures.ended();
  Interval& row = rows_[figures.second];
  row.second = figures.second;
  row.Add(figures);
  MergeParts(figures.latency, row.latency);
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
  for (int64_t i = 0; i < seconds; ++i) Expect(static_cast<uint32_t>(i));
  std::vector<Interval> rows;
  rows.reserve(rows_.size());
  for (auto& [second, row] : rows_) rows.push_back(std::move(row));
  rows_.clear();
  return rows;
}

}  // namespace assay::loadgen

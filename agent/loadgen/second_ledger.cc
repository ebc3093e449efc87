#include "agent/loadgen/second_ledger.h"

#include <utility>

#include "absl/status/statusor.h"

namespace assay::loadgen {

void SecondLedger::Add(const SecondFigures& figures) {
  total_.Merge(figures.latency);
  SecondRow& row = rows_[figures.second];
  row.second = figures.second;
  row.sent += figures.sent;
  row.ok += figures.ok;
  row.errors += figures.errors;
  row.timeouts += figures.timeouts;
  if (row.latency.buckets.empty() && row.latency.overflow_count == 0) {
    row.latency = figures.latency.ToParts();
    return;
  }
  absl::StatusOr<LatencyHistogram> merged = LatencyHistogram::FromParts(row.latency);
  if (!merged.ok()) return;  // Parts of our own making.
  merged->Merge(figures.latency);
  row.latency = merged->ToParts();
}

std::vector<SecondRow> SecondLedger::TakeRows() {
  std::vector<SecondRow> rows;
  rows.reserve(rows_.size());
  for (auto& [second, row] : rows_) rows.push_back(std::move(row));
  rows_.clear();
  return rows;
}

}  // namespace assay::loadgen

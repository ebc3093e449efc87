#include "agent/loadgen/load_result.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace assay::loadgen {

void LoadResult::Add(const Tally& tally) {
  sent += tally.sent;
  ok += tally.ok();
  ok_in_window += tally.ok_in_window;
  errors += tally.errors();
  timeouts += tally.timeouts();
  warmup_requests += tally.warmup_requests;
  bytes_read += tally.bytes_read;
  retried += tally.retried;
  for (size_t i = 0; i < tally.statuses.size(); ++i) {
    if (tally.statuses[i] > 0) status[static_cast<int>(i)] += tally.statuses[i];
  }
  for (int i = static_cast<int>(Fate::kTimeout) + 1; i < kFates; ++i) {
    if (tally.fates[i] > 0) {
      error_kinds[std::string(FateName(static_cast<Fate>(i)))] += tally.fates[i];
    }
  }
}

void LoadResult::AddOpenFailures(const std::array<uint64_t, kFates>& failures) {
  for (int i = 0; i < kFates; ++i) {
    if (failures[i] == 0) continue;
    sent += failures[i];
    errors += failures[i];
    error_kinds[std::string(FateName(static_cast<Fate>(i)))] += failures[i];
  }
}

void LoadResult::Add(const LoadTimes& times) {
  in_flight += times.in_flight;
  cpu_ns += times.cpu_ns;
  busy_ns += times.busy_ns;
  if (times.observed_ns > 0) {
    busy_share = std::max(
        busy_share, static_cast<double>(times.busy_ns) / static_cast<double>(times.observed_ns));
  }
}

void LoadResult::Check() {
  if (sent == ok + errors + timeouts + in_flight) return;
  accounting_error =
      absl::StrCat("the account does not add up: ", sent, " sent, but ", ok, " ok + ", errors,
                   " errors + ", timeouts, " timeouts + ", in_flight, " in flight");
}

}  // namespace assay::loadgen

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
  flight_ns += tally.flight_ns;
  think_ns += tally.think_ns;
  cycles += tally.cycles;
  retried += tally.retried;
  for (size_t i = 0; i < tally.statuses.size(); ++i) {
    if (tally.statuses[i] > 0) status[static_cast<int>(i)] += tally.statuses[i];
  }
  AddOutcomes(tally.outcomes);
}

void LoadResult::AddOpenFailures(const std::array<uint64_t, kOutcomes>& failures) {
  for (const uint64_t count : failures) {
    sent += count;
    errors += count;
  }
  AddOutcomes(failures);
}

void LoadResult::AddOutcomes(const std::array<uint64_t, kOutcomes>& counts) {
  for (int i = 0; i < kOutcomes; ++i) {
    const auto outcome = static_cast<Outcome>(i);
    outcomes[i] += counts[i];
    if (counts[i] > 0 && outcome > Outcome::kTimeout) {
      error_kinds[std::string(OutcomeName(outcome))] += counts[i];
    }
  }
}

void LoadResult::Add(const LoadTimes& times) {
  cpu_ns += times.cpu_ns;
  cpu_responses += times.responses;
  busy_ns += times.busy_ns;
  if (times.observed_ns <= 0) return;
  // At most 1: in slots the work in the drain counts, and the time of the drain does not.
  const auto share = [&times](int64_t ns) {
    return std::min(1.0, static_cast<double>(ns) / static_cast<double>(times.observed_ns));
  };
  busy_share = std::max(busy_share, share(times.busy_ns));
  cpu_share = std::max(cpu_share, share(times.cpu_ns));
  if (!times.run_delay_ns.has_value()) run_delay_share.reset();
  if (!run_delay_share.has_value()) return;
  run_delay_share = std::max(*run_delay_share, share(*times.run_delay_ns));
}

Figures LoadResult::figures() const {
  LoadCounts counts{.sent = sent,
                    .ok = ok,
                    .errors = errors,
                    .timeouts = timeouts,
                    .in_flight = in_flight,
                    .ok_in_window = ok_in_window,
                    .window_ns = duration_ns,
                    .work_ns = work_ns(),
                    .work_responses = cpu_responses,
                    .flight_ns = flight_ns,
                    .cycles = cycles};
  if (!open_loop) counts.think_ns = think_ns;
  return DeriveFigures({counts}, std::nullopt);
}

void LoadResult::Check() {
  if (sent == ok + errors + timeouts + in_flight) return;
  accounting_error =
      absl::StrCat("the account does not add up: ", sent, " sent, but ", ok, " ok + ", errors,
                   " errors + ", timeouts, " timeouts + ", in_flight, " in flight");
}

}  // namespace assay::loadgen

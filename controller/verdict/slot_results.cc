#include "controller/verdict/slot_results.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "analysis/latency_histogram.h"
#include "common/status_macros.h"
#include "proto/convert/histogram_proto.h"

namespace assay::controller {
namespace {

constexpr double kNanosInMicro = 1e3;
constexpr double kNanosInSecond = 1e9;

// One slot at all load agents.
struct LoadSums {
  int agents = 0;
  uint64_t ok_in_slot = 0;
  uint64_t responses = 0;
  bool overdue = false;
  std::vector<const Histogram*> latencies;
};

std::map<uint32_t, LoadSums> SumsBySlot(absl::Span<const LoadInterval> intervals) {
  std::map<uint32_t, LoadSums> sums;
  for (const LoadInterval& interval : intervals) {
    if (!interval.second.has_slot()) continue;
    const SlotFigures& slot = interval.second.slot();
    LoadSums& sum = sums[interval.second.second()];
    ++sum.agents;
    sum.ok_in_slot += slot.ok_in_slot();
    sum.responses += slot.responses();
    sum.overdue = sum.overdue || slot.overdue() > 0;
    sum.latencies.push_back(&interval.second.latency());
  }
  return sums;
}

absl::Status SetLatency(const LoadSums& sum, Figures* figures) {
  if (sum.latencies.empty()) return absl::OkStatus();
  ASSAY_ASSIGN_OR_RETURN(LatencyHistogram merged, FromProto(*sum.latencies.front()));
  for (size_t i = 1; i < sum.latencies.size(); ++i) {
    ASSAY_ASSIGN_OR_RETURN(const LatencyHistogram other, FromProto(*sum.latencies[i]));
    merged.Merge(other);
  }
  Figures all;
  AddLatency(merged, &all);
  figures->mean_us = all.mean_us;
  figures->quantile_us[0] = all.quantile_us[0];
  return absl::OkStatus();
}

const SlotResult* SlotOfRound(const SlotResults& results, uint32_t round) {
  const auto found =
      std::lower_bound(results.slots.begin(), results.slots.end(), round * results.round,
                       [](const SlotResult& slot, uint32_t index) { return slot.index < index; });
  if (found == results.slots.end() || found->index / results.round != round) return nullptr;
  return &*found;
}

std::optional<double> LogRatio(const SlotResult* baseline, const SlotResult* candidate,
                               const Metric& metric) {
  if (baseline == nullptr || candidate == nullptr) return std::nullopt;
  if (baseline->overdue || candidate->overdue) return std::nullopt;
  const std::optional<double> from = metric.of(baseline->figures);
  const std::optional<double> to = metric.of(candidate->figures);
  if (!from.has_value() || !to.has_value() || !(*from > 0) || !(*to > 0)) return std::nullopt;
  const double log_ratio = std::log(*to / *from);
  return std::isfinite(log_ratio) ? std::optional(log_ratio) : std::nullopt;
}

}  // namespace

absl::StatusOr<SlotResults> SlotResultsOf(const ExecutionRecord& execution,
                                          absl::Span<const LoadInterval> intervals) {
  const SlotSchedule& schedule = execution.slots();
  SlotResults results;
  const auto own = static_cast<uint32_t>(schedule.own_size());
  if (own == 0 || schedule.count() % own != 0) return results;
  results.round = schedule.count() / own;
  results.first_round = (schedule.warmup_count() + results.round - 1) / results.round;
  results.rounds = own - std::min(own, results.first_round);
  absl::flat_hash_map<uint32_t, int64_t> cpu_ns;
  for (const ServerSlot& slot : execution.server().slots()) {
    // A reading that came late lacks CPU time of this slot, or has some of the next one's.
    const bool late =
        slot.begin_ns() > 0 || slot.end_ns() > static_cast<int64_t>(schedule.period_ns());
    if (!late) cpu_ns[slot.index()] = slot.cpu_ns();
  }
  const std::map<uint32_t, LoadSums> sums = SumsBySlot(intervals);
  const double counted_ns =
      static_cast<double>(schedule.slot_ns()) - static_cast<double>(schedule.settle_ns());
  for (const uint32_t index : schedule.own()) {
    if (index < schedule.warmup_count()) continue;
    const auto sum = sums.find(index);
    // A slot that a load agent did not report is not known.
    if (sum == sums.end() || sum->second.agents != execution.loads_size()) continue;
    SlotResult slot{.index = index, .overdue = sum->second.overdue};
    if (counted_ns > 0) {
      slot.figures.rps = static_cast<double>(sum->second.ok_in_slot) * kNanosInSecond / counted_ns;
    }
    ASSAY_RETURN_IF_ERROR(SetLatency(sum->second, &slot.figures));
    const auto cpu = cpu_ns.find(index);
    if (cpu != cpu_ns.end() && cpu->second >= 0 && sum->second.responses > 0) {
      slot.figures.server_cpu_us_per_request = static_cast<double>(cpu->second) / kNanosInMicro /
                                               static_cast<double>(sum->second.responses);
    }
    results.slots.push_back(std::move(slot));
  }
  std::sort(results.slots.begin(), results.slots.end(),
            [](const SlotResult& a, const SlotResult& b) { return a.index < b.index; });
  return results;
}

std::optional<double> OrderEffect(const SlotResults& slots, const Metric& metric) {
  if (slots.round < 2) return std::nullopt;
  double first_sum = 0;
  double other_sum = 0;
  int firsts = 0;
  int others = 0;
  for (const SlotResult& slot : slots.slots) {
    const std::optional<double> value = metric.of(slot.figures);
    if (slot.overdue || !value.has_value() || !(*value > 0)) continue;
    const bool first = slot.index % slots.round == 0;
    (first ? first_sum : other_sum) += std::log(*value);
    ++(first ? firsts : others);
  }
  if (firsts == 0 || others == 0) return std::nullopt;
  return first_sum / firsts - other_sum / others;
}

RoundRatios PairRounds(const SlotResults& baseline, const SlotResults& candidate,
                       const Metric& metric) {
  RoundRatios ratios;
  ratios.left_out = std::max(baseline.rounds, candidate.rounds);
  if (baseline.round == 0 || baseline.round != candidate.round ||
      baseline.rounds != candidate.rounds || baseline.first_round != candidate.first_round) {
    return ratios;
  }
  for (uint32_t i = 0; i < baseline.rounds; ++i) {
    const uint32_t round = baseline.first_round + i;
    const std::optional<double> log_ratio =
        LogRatio(SlotOfRound(baseline, round), SlotOfRound(candidate, round), metric);
    if (log_ratio.has_value()) ratios.log_ratios.push_back(*log_ratio);
  }
  ratios.left_out -= ratios.log_ratios.size();
  return ratios;
}

}  // namespace assay::controller

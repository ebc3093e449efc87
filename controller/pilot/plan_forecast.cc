#include "controller/pilot/plan_forecast.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "analysis/planned_precision.h"
#include "controller/plan/cells.h"
#include "controller/plan/verdict_family.h"

namespace assay::controller {
namespace {

constexpr double kLongestFactor = 32;

template <typename Blocks>
BlocksToDecide ForEachBound(const Estimate& deviation, const Blocks& blocks_at) {
  return {.estimate = blocks_at(deviation.estimate),
          .low = blocks_at(*deviation.low),
          .high = blocks_at(*deviation.high)};
}

bool Decides(const PlannedIntervals& intervals, const BlockSpread& spread, uint32_t blocks,
             double deviation) {
  return intervals.ChanceOfDifference(blocks, spread.log_ratio, deviation) >= kPlannedPower ||
         intervals.ChanceOfEquivalence(blocks, 0, deviation) >= kPlannedPower;
}

ComparisonForecast ForecastOf(const PlannedIntervals& intervals, uint32_t blocks,
                              MeasuredSpread measured) {
  ComparisonForecast forecast{.measured = std::move(measured)};
  if (!forecast.measured.spread.has_value()) return forecast;
  const BlockSpread& spread = *forecast.measured.spread;
  forecast.deviation = PlannedDeviation(spread, forecast.measured.length);
  const Estimate& deviation = forecast.deviation;
  const std::optional<double> half_width = intervals.HalfWidth(blocks, deviation.estimate);
  if (half_width.has_value()) {
    forecast.half_width = Estimate{.estimate = *half_width,
                                   .low = intervals.HalfWidth(blocks, *deviation.low),
                                   .high = intervals.HalfWidth(blocks, *deviation.high)};
  }
  forecast.as_measured = ForEachBound(
      deviation, [&](double one) { return intervals.BlocksForDifference(spread.log_ratio, one); });
  forecast.of_zone = ForEachBound(deviation, [&](double one) {
    return intervals.BlocksForDifference(std::log1p(intervals.rules().zone), one);
  });
  forecast.equivalence =
      ForEachBound(deviation, [&](double one) { return intervals.BlocksForEquivalence(0, one); });
  forecast.decidable = Decides(intervals, spread, blocks, *deviation.low);
  return forecast;
}

// The blocks for the cheaper claim, with the estimated deviation.
std::optional<uint32_t> Cheaper(const ComparisonForecast& one) {
  const uint32_t fewest = std::min(one.as_measured.estimate.value_or(UINT32_MAX),
                                   one.equivalence.estimate.value_or(UINT32_MAX));
  return fewest == UINT32_MAX ? std::nullopt : std::optional(fewest);
}

std::optional<uint32_t> BlocksToSet(const PlanForecast& forecast) {
  uint32_t most = 0;
  for (const ComparisonForecast& one : forecast.comparisons) {
    if (one.decidable) continue;
    const std::optional<uint32_t> blocks = Cheaper(one);
    if (!blocks.has_value()) return std::nullopt;
    most = std::max(most, *blocks);
  }
  return most == 0 ? std::nullopt : std::optional(most);
}

// The load of one start, over all targets.
double SecondsOfStart(const Plan& plan, const MeasuredSpread& measured) {
  const auto targets = static_cast<uint32_t>(plan.targets_size());
  return LoadOfBlock(plan, measured.comparison.cell, targets) * targets;
}

std::optional<double> SecondsToSet(const Plan& plan, const PlannedIntervals& intervals,
                                   const PlanForecast& forecast) {
  if (plan.design() != Plan::INTERLEAVED) return std::nullopt;
  for (double factor = 2; factor <= kLongestFactor; factor *= 2) {
    double seconds = 0;
    bool all = true;
    for (const ComparisonForecast& one : forecast.comparisons) {
      if (one.decidable) continue;
      const MeasuredSpread& measured = one.measured;
      if (!measured.spread->within_variance.has_value()) return std::nullopt;
      const Estimate deviation = PlannedDeviation(*measured.spread, measured.length * factor);
      all = all && Decides(intervals, *measured.spread, forecast.blocks, deviation.estimate);
      seconds = std::max(seconds, factor * SecondsOfStart(plan, measured));
    }
    if (all && seconds > 0) return seconds;
  }
  return std::nullopt;
}

}  // namespace

bool PlanForecast::decidable() const {
  return std::all_of(comparisons.begin(), comparisons.end(),
                     [](const ComparisonForecast& one) { return one.decidable; });
}

std::optional<std::string> WhyNoForecast(const Plan& plan,
                                         const std::vector<SkippedTarget>& skipped) {
  if (plan.verdict() == Plan::NONE) return "it asks for no verdict (verdict: NONE)";
  if (plan.load().has_find())
    return "it searches for a capacity, which varies otherwise than the windows of one rate";
  if (ComparisonsOf(plan, skipped).empty())
    return "it has no two different targets to compare that are installed and serve a workload";
  // Servers given by URL, one after the other.
  const Decidability verdict = DecidabilityOf(plan);
  return verdict.comparisons == 0 ? verdict.why_not : std::nullopt;
}

PlanForecast ForecastOf(const Plan& plan, int executions_per_block,
                        std::vector<MeasuredSpread> spreads) {
  PlanForecast forecast;
  forecast.rules.family = static_cast<uint32_t>(std::max<size_t>(1, spreads.size()));
  forecast.blocks = plan.blocks();
  forecast.length_of_block = LengthOf(plan, executions_per_block).total;
  const PlannedIntervals intervals(forecast.rules);
  for (MeasuredSpread& one : spreads)
    forecast.comparisons.push_back(ForecastOf(intervals, plan.blocks(), std::move(one)));
  if (forecast.decidable()) return forecast;
  forecast.blocks_to_set = BlocksToSet(forecast);
  forecast.seconds_to_set = SecondsToSet(plan, intervals, forecast);
  return forecast;
}

}  // namespace assay::controller

#ifndef ASSAY_CONTROLLER_PILOT_PLAN_FORECAST_H_
#define ASSAY_CONTROLLER_PILOT_PLAN_FORECAST_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "analysis/comparison.h"
#include "analysis/estimate.h"
#include "controller/pilot/measured_spread.h"
#include "proto/plan.pb.h"
#include "proto/results.pb.h"

namespace assay::controller {

// What a plan can decide, from how much its blocks vary (analysis/planned_precision.h).

// The blocks that decide with 80 % power: with the estimated standard deviation, and with its low and high bound. Not set
// if more than kMostPlannedBlocks are needed.
struct BlocksToDecide {
  std::optional<uint32_t> estimate;
  std::optional<uint32_t> low;
  std::optional<uint32_t> high;
};

struct ComparisonForecast {
  MeasuredSpread measured;
  // The fields below are set only if measured.spread is.
  //
  // Standard deviation of the log ratio of one block of the plan.
  Estimate deviation;
  // Expected half-width of the plan's interval of the log ratio, with the estimated, low and high deviation. Not set if the
  // plan's blocks give no interval.
  std::optional<Estimate> half_width;
  // To show a difference as large as the measured one; not set at all if that is not beyond the floor.
  BlocksToDecide as_measured;
  // To show a true difference of the zone's size, and to show that equal servers are equivalent.
  BlocksToDecide of_zone;
  BlocksToDecide equivalence;
  // Whether the plan's blocks show a difference as large as the measured one, or an equivalence of equal servers, with 80 %
  // power, if the standard deviation is at its low bound. True if nothing is known.
  bool decidable = true;
};

struct PlanForecast {
  ComparisonRules rules;
  uint32_t blocks = 0;
  // The estimated time of one block.
  absl::Duration length_of_block;
  std::vector<ComparisonForecast> comparisons;
  // The blocks that would decide each comparison that is not decidable, by the cheaper of the two claims. Not set if all are
  // decidable, or if more than kMostPlannedBlocks are needed.
  std::optional<uint32_t> blocks_to_set;
  // An interleaved plan whose pairs within starts vary most: the interleave.seconds with which the plan's blocks would decide
  // each comparison that is not decidable. Not set if at most 32 times the plan's would not.
  std::optional<double> seconds_to_set;

  // Whether every comparison that is known is decidable.
  bool decidable() const;
};

// Why nothing can be forecast for a plan: it asks for no verdict, has nothing to compare, or searches for a capacity.
// Nothing if ForecastOf() can. REQUIRES: WithDefaults was applied.
std::optional<std::string> WhyNoForecast(const Plan& plan,
                                         const std::vector<SkippedTarget>& skipped);

// `executions_per_block`: those that the agents will make. REQUIRES: WhyNoForecast() has no reason.
PlanForecast ForecastOf(const Plan& plan, int executions_per_block,
                        std::vector<MeasuredSpread> spreads);

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_PILOT_PLAN_FORECAST_H_

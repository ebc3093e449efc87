#ifndef ASSAY_CONTROLLER_RESULTS_REGRESSION_H_
#define ASSAY_CONTROLLER_RESULTS_REGRESSION_H_

#include <optional>
#include <vector>

#include "absl/types/span.h"
#include "analysis/comparison.h"
#include "analysis/metrics.h"

namespace assay::controller {

// Compares a cell with the same cell of an earlier campaign, over executions that are not paired: the Hodges-Lehmann
// shift of their logarithms. Nothing if a side has no value, or one that is not positive. `fresh_starts`: whether the
// executions of both sides are fresh starts; otherwise they are not independent, and the ratio has no interval.
std::optional<RatioComparison> CompareCampaigns(absl::Span<const double> earlier,
                                                absl::Span<const double> later,
                                                const Metric& metric, bool fresh_starts);

// Whether a ratio later / earlier is worse than `percent` allows: above 1 + percent / 100 for a metric of which less is
// better, below 1 - percent / 100 for one of which more is better.
bool IsRegression(double ratio, double percent, const Metric& metric);

// Whether the whole interval of the ratio is worse, or the whole interval is not. Without an interval, neither is known.
struct RegressionVerdict {
  bool missed = false;
  bool certain = false;
};
RegressionVerdict JudgeRegression(const RatioComparison& comparison, double percent,
                                  const Metric& metric);

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_RESULTS_REGRESSION_H_

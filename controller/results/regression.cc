#include "controller/results/regression.h"

#include "absl/status/statusor.h"

namespace assay::controller {

std::optional<RatioComparison> CompareCampaigns(absl::Span<const double> earlier,
                                                absl::Span<const double> later,
                                                const Metric& metric, bool fresh_starts) {
  if (earlier.empty() || later.empty()) return std::nullopt;
  absl::StatusOr<RatioComparison> comparison =
      CompareUnpaired(earlier, later, {.better = metric.better});
  if (!comparison.ok()) return std::nullopt;
  if (!fresh_starts) {
    comparison->ratio.low.reset();
    comparison->ratio.high.reset();
    comparison->verdict = Verdict::kInconclusive;
    comparison->within_zone = false;
  }
  return *comparison;
}

bool IsRegression(double ratio, double percent, const Metric& metric) {
  return metric.better == Better::kHigher ? ratio < 1 - percent / 100 : ratio > 1 + percent / 100;
}

RegressionVerdict JudgeRegression(const RatioComparison& comparison, double percent,
                                  const Metric& metric) {
  if (!comparison.ratio.low.has_value() || !comparison.ratio.high.has_value()) return {};
  const bool low = IsRegression(*comparison.ratio.low, percent, metric);
  const bool high = IsRegression(*comparison.ratio.high, percent, metric);
  return {.missed = low && high, .certain = low == high};
}

}  // namespace assay::controller

#include "analysis/slot_pairs.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <vector>

#include "analysis/estimate.h"
#include "analysis/signed_rank.h"
#include "analysis/student_distribution.h"

namespace assay {
namespace {

constexpr double kConfidence = 0.95;
// Above this number of pairs, the interval's coverage is its nominal confidence to within 0.1 %.
constexpr int64_t kExactCoverageUpTo = 100;

double StandardError(const Estimate& centre, double deviation, int64_t pairs) {
  if (!centre.low.has_value()) return deviation / std::sqrt(static_cast<double>(pairs));
  const double coverage =
      pairs <= kExactCoverageUpTo
          ? SignedRankCoverage(pairs, SignedRankInterval(pairs, kConfidence).value())
          : kConfidence;
  const double quantile = StudentQuantile((1 + coverage) / 2, static_cast<int>(pairs - 1));
  return (*centre.high - *centre.low) / (2 * quantile);
}

}  // namespace

StartDifference CentreOfPairs(absl::Span<const double> log_ratios) {
  assert(!log_ratios.empty());
  const Estimate centre = HodgesLehmann(log_ratios, kConfidence);
  const double deviation = SampleDeviation(log_ratios);
  return {
      .log_ratio = centre.estimate,
      .within_sd = deviation,
      .standard_error = StandardError(centre, deviation, static_cast<int64_t>(log_ratios.size())),
      .pairs = static_cast<uint32_t>(log_ratios.size())};
}

VarianceComponents EstimateComponents(absl::Span<const StartDifference> starts) {
  std::vector<double> differences;
  double squares = 0;
  double degrees = 0;
  double squared_errors = 0;
  for (const StartDifference& start : starts) {
    if (start.pairs < 2) continue;
    differences.push_back(start.log_ratio);
    squares += start.within_sd * start.within_sd * (start.pairs - 1);
    degrees += start.pairs - 1;
    squared_errors += start.standard_error * start.standard_error;
  }
  VarianceComponents components;
  if (differences.empty()) return components;
  components.within_start_sd = std::sqrt(squares / degrees);
  if (differences.size() < 2) return components;
  const double deviation = SampleDeviation(differences);
  const double between =
      deviation * deviation - squared_errors / static_cast<double>(differences.size());
  components.between_start_sd = std::sqrt(std::max(0.0, between));
  return components;
}

}  // namespace assay

#ifndef ASSAY_ANALYSIS_SCALABILITY_H_
#define ASSAY_ANALYSIS_SCALABILITY_H_

#include <cstddef>
#include <optional>

#include "absl/status/statusor.h"
#include "absl/types/span.h"

namespace assay {

// How throughput grows with concurrency.

// A load level and what was measured there.
struct CurvePoint {
  double level = 0;
  double value = 0;
};

// The universal scalability law (Gunther, "Guerrilla Capacity Planning", 2007, chapter 4): throughput
// X(N) = lambda * N / (1 + sigma * (N - 1) + kappa * N * (N - 1)) at N connections.
struct UniversalScalability {
  // Throughput of one connection.
  double lambda = 0;
  // Contention: the share of work that is serialised. At least 0.
  double sigma = 0;
  // Coherency: the cost of agreement between each pair. At least 0.
  double kappa = 0;
  // The N of the highest throughput, sqrt((1 - sigma) / kappa), and that throughput. Not set if kappa is 0, so that
  // throughput never falls, or if the peak is below one connection.
  std::optional<double> peak_level;
  std::optional<double> peak_throughput;
  // Root mean square of the points' relative errors.
  double relative_error = 0;

  double ThroughputAt(double level) const;
};

constexpr size_t kScalabilityMinLevels = 6;

// Fits the law to throughput (value) over connections (level). N / X is linear in 1 / lambda, sigma / lambda and kappa /
// lambda; the fit minimises the squares of its relative errors under the bounds sigma >= 0 and kappa >= 0. The parameters
// have no confidence interval: the levels of one campaign share its machine state, and residuals show only how well the
// law fits. kFailedPrecondition below kScalabilityMinLevels different levels and where the best lambda is infinite, kInvalidArgument if a level or a value is
// not positive and finite.
absl::StatusOr<UniversalScalability> FitUniversalScalability(absl::Span<const CurvePoint> points);

// The knee of a curve that bends once: the index of the point farthest from the line through the first and the last
// point, after both axes are scaled to [0, 1] (Satopaa et al., "Finding a 'kneedle' in a haystack", ICDCS workshops
// 2011, offline, sensitivity 1). Nothing below three points, or if the distance does not exceed the mean spacing of the
// scaled levels, as on a straight line. REQUIRES: levels rise; all values are finite.
std::optional<size_t> KneeOf(absl::Span<const CurvePoint> points);

}  // namespace assay

#endif  // ASSAY_ANALYSIS_SCALABILITY_H_

#ifndef ASSAY_ANALYSIS_SLOT_PAIRS_H_
#define ASSAY_ANALYSIS_SLOT_PAIRS_H_

#include <cstdint>
#include <optional>

#include "absl/types/span.h"

namespace assay {

// Variation of an interleaved comparison on its two levels: the slot pairs within a start, and the starts within a
// campaign. Pairs average out within seconds. What differs between starts (memory layout, address randomisation, heap)
// averages out only over more starts, so the start is the unit of inference.

// The difference of two targets in one start, from the slot pairs of its rounds: ln(candidate / baseline) of each.
struct StartDifference {
  // The Hodges-Lehmann centre of the pairs' log ratios.
  double log_ratio = 0;
  // Standard deviation of the pairs' log ratios; 0 with one pair.
  double within_sd = 0;
  // Standard error of log_ratio, as if pairs were independent: half the length of its Wilcoxon interval divided by the
  // Student quantile of that interval's coverage (Hettmansperger and McKean, "Robust Nonparametric Statistical
  // Methods", chapter 1), so that a few outliers do not inflate it. Below 6 pairs there is no interval, and it is within_sd /
  // sqrt(pairs). 0 with one pair.
  double standard_error = 0;
  uint32_t pairs = 0;
};

// REQUIRES: at least one log ratio, all finite. O(n log n).
StartDifference CentreOfPairs(absl::Span<const double> log_ratios);

// Standard deviations of a log ratio.
struct VarianceComponents {
  // Between starts, without what the pairs within them contribute. Not set below two starts with at least two pairs each.
  std::optional<double> between_start_sd;
  // Of one slot pair within a start. Not set if no start has two pairs.
  std::optional<double> within_start_sd;
};

// The components of a random-effects model with two levels (Kalibera and Jones, "Rigorous benchmarking in reasonable
// time", ISMM 2013): within^2 is the mean of the starts' variances, weighted by pairs - 1; between^2 is the
// variance of the starts' differences minus the mean square of their standard errors, and at least 0. Starts with
// fewer than two pairs tell nothing about variation within them and are left out.
VarianceComponents EstimateComponents(absl::Span<const StartDifference> starts);

}  // namespace assay

#endif  // ASSAY_ANALYSIS_SLOT_PAIRS_H_

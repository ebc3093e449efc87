#ifndef ASSAY_ANALYSIS_CHANGE_POINTS_H_
#define ASSAY_ANALYSIS_CHANGE_POINTS_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/types/span.h"

namespace assay {

// Finds where a series of values in the order of time changes its level: E-divisive (Matteson and James, "A nonparametric
// approach for multiple change point analysis of multivariate data", Journal of the American Statistical Association
// 109, 2014) with exponent 1. It assumes no distribution. Each step splits one segment where the energy distance
// between the values on both sides is largest, and keeps the split if few random orders of the values within the
// segments give a distance as large.

struct ChangePointRules {
  // A split is kept if its p-value is at most this. For several series, the rate of series that are falsely said to
  // change among those said to change.
  double significance = 0.05;
  // A change point is dropped if the medians of the segments on both sides differ by less than this, in the unit of the
  // values: a change may be certain and too small to matter. The smallest is dropped first, and its segments are joined.
  double floor = 0;
  // The smallest number of values in a segment, at least 2.
  size_t min_segment = 2;
  // The number of random orders. The smallest possible p-value is 1 / (permutations + 1).
  uint32_t permutations = 999;
  // The same series, rules and seed give the same result on every platform.
  uint64_t seed = 1;
};

struct ChangePoint {
  // The first value after the change.
  size_t index = 0;
  // The medians of the values between the change points before and after this one.
  double before = 0;
  double after = 0;
  // Of the step that found the change point.
  double p_value = 1;
};

// Of the orders of seven values, so many split perfectly that no p-value is below 0.05.
constexpr size_t kChangePointMinValues = 8;

// The change points of a series, in order; none with fewer than kChangePointMinValues values.
// REQUIRES: all values are finite. O(permutations * n^2) for each change point, O(n) memory: less than a second for 300
// values.
std::vector<ChangePoint> FindChangePoints(absl::Span<const double> values,
                                          const ChangePointRules& rules);

// The change points of each of several series, with control over all of them: the series that change are those that
// Benjamini and Hochberg's procedure selects by their first split, and further splits within them are tested at
// significance * selected / all (Benjamini and Bogomolov, "Selective inference on multiple families of hypotheses",
// Journal of the Royal Statistical Society B 76, 2014).
std::vector<std::vector<ChangePoint>> FindChangePointsOfAll(
    absl::Span<const std::vector<double>> series, const ChangePointRules& rules);

// The split of a series with the largest scaled energy distance Q between values[0, index) and values[index, end), over
// all index and end with at least min_segment values on each side (equations 5 to 7 of the paper). For tests. O(n^2).
struct EnergySplit {
  size_t index = 0;
  size_t end = 0;
  double statistic = 0;
};
// REQUIRES: min_segment >= 2, values.size() >= 2 * min_segment.
EnergySplit LargestEnergySplit(absl::Span<const double> values, size_t min_segment);

}  // namespace assay

#endif  // ASSAY_ANALYSIS_CHANGE_POINTS_H_

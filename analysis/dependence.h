#ifndef ASSAY_ANALYSIS_DEPENDENCE_H_
#define ASSAY_ANALYSIS_DEPENDENCE_H_

#include <cstdint>
#include <vector>

#include "absl/types/span.h"

namespace assay {

// Detects whether neighbouring blocks are alike, and computes with them if they are. A machine state that favours one
// program lasts for many short blocks; an interval that assumes independent blocks is then far too narrow.

// Lag-1 serial correlation of ranks. Mean and variance under independence: Dufour and Roy, "Some robust exact results on
// sample autocorrelations and tests of randomness", Journal of Econometrics 29 (1985), for ranks without ties.
struct SerialCorrelation {
  // Between about -1 and 1; 0 where all values are equal.
  double correlation = 0;
  double expected = 0;
  double variance = 0;
};

constexpr size_t kSerialCorrelationMinValues = 4;

// The correlation of values in the order of time. Ties get their mean rank. REQUIRES: at least
// kSerialCorrelationMinValues values.
SerialCorrelation RankSerialCorrelation(absl::Span<const double> values);

// The statistic above over several series of the same blocks, one series per load level, standardised: (sum of
// correlations - sum of their expectations) / sqrt(sum of variances). About standard normal if blocks are
// independent. Series that are too short are left out; 0 if all are.
double DependenceStatistic(absl::Span<const std::vector<double>> series);

// Blocks count as dependent above this statistic. One campaign in about 120 with independent blocks exceeds it.
constexpr double kDependenceLimit = 2.4;

// The values, with those beyond median -+ 3 * 1.4826 * (median absolute deviation) moved to that bound. Unchanged if
// the deviation is 0.
std::vector<double> Winsorised(absl::Span<const double> values);

// The means of `count` consecutive segments of the values. The lengths of segments differ by at most one. REQUIRES: 1
// <= count <= values.size().
std::vector<double> SegmentMeans(absl::Span<const double> values, size_t count);

}  // namespace assay

#endif  // ASSAY_ANALYSIS_DEPENDENCE_H_

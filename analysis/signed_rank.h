#ifndef ASSAY_ANALYSIS_SIGNED_RANK_H_
#define ASSAY_ANALYSIS_SIGNED_RANK_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/types/span.h"
#include "analysis/estimate.h"

namespace assay {

// The centre of paired differences, assuming only a symmetric distribution: Wilcoxon's signed-rank test, inverted
// (Hollander, Wolfe, Chicken, "Nonparametric Statistical Methods", 3.2 and 3.3).

// The means of all pairs of values, including each value with itself, ascending: n * (n + 1) / 2 means.
std::vector<double> WalshAverages(absl::Span<const double> values);

// The element number `rank`, from 1, of WalshAverages(), without computing all of them: bisects the value and counts the
// averages below it (the counting of Johnson and Mizoguchi, "Selecting the kth element in X + Y", SIAM Journal on
// Computing 7, 1978), down to neighbouring doubles. O(n) for each of at most 64 steps. REQUIRES: `sorted` is
// ascending and finite; 1 <= rank <= n * (n + 1) / 2.
double WalshAverage(absl::Span<const double> sorted, int64_t rank);

// Ranks of the interval, over the n * (n + 1) / 2 sorted Walsh averages, that covers the centre with at least
// `confidence`. Exact for up to 100 values, above that by the normal approximation. Nothing below
// SignedRankPairsNeeded(). The distribution assumes no ties; with ties the interval is conservative. REQUIRES: n >=
// 0, 0 < confidence < 1.
std::optional<RankInterval> SignedRankInterval(int64_t n, double confidence = 0.95);

// The exact coverage of [w(low), w(high)] over the Walsh averages of n values. For small n and tests.
double SignedRankCoverage(int64_t n, RankInterval ranks);

// The smallest number of pairs that gives an interval: 6 at 95 %.
int64_t SignedRankPairsNeeded(double confidence = 0.95);

// The Hodges-Lehmann estimate, the median of the Walsh averages, and its interval. NaN when empty. O(n log n) above 100
// values, O(n^2 log n) below.
Estimate HodgesLehmann(absl::Span<const double> values, double confidence = 0.95);

}  // namespace assay

#endif  // ASSAY_ANALYSIS_SIGNED_RANK_H_

#ifndef ASSAY_ANALYSIS_RANK_SUM_H_
#define ASSAY_ANALYSIS_RANK_SUM_H_

#include <cstdint>
#include <optional>

#include "absl/types/span.h"
#include "analysis/estimate.h"

namespace assay {

// Compares two unpaired samples without assuming a distribution: the rank-sum test of Mann, Whitney and Wilcoxon, and
// the interval that results from inverting it (Hollander, Wolfe, Chicken, chapter 4).

// Two-sided p-value of the Mann-Whitney test of the hypothesis that neither sample tends to be larger. Exact for up
// to 60 values in total, including ties (the permutation distribution of midranks); above that by the normal
// approximation with corrections for ties and continuity. 1 if a sample is empty.
double MannWhitneyPValue(absl::Span<const double> a, absl::Span<const double> b);

// Ranks of the interval, over the sorted m * n differences, that covers the shift with at least `confidence`. For m +
// n <= 60 exact without ties and conservative with ties; above that by the normal approximation. Nothing if there are
// too few values.
std::optional<RankInterval> RankSumInterval(int64_t m, int64_t n, double confidence = 0.95);

// The Hodges-Lehmann shift from a to b, the median of all differences b[j] - a[i], and its interval. NaN if a sample
// is empty.
Estimate HodgesLehmannShift(absl::Span<const double> a, absl::Span<const double> b,
                            double confidence = 0.95);

}  // namespace assay

#endif  // ASSAY_ANALYSIS_RANK_SUM_H_

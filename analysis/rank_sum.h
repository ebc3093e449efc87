#ifndef ASSAY_ANALYSIS_RANK_SUM_H_
#define ASSAY_ANALYSIS_RANK_SUM_H_

#include <cstdint>
#include <optional>

#include "absl/types/span.h"
#include "analysis/estimate.h"

namespace assay {

// Two samples that are not paired, compared without a distribution: Mann, Whitney and Wilcoxon's
// rank-sum test and what follows from turning it around (Hollander, Wolfe, Chicken, chapter 4).

// Two-sided p of the Mann-Whitney test that neither sample tends to be larger. Exact for up to 60
// values together, ties included (the permutation distribution of midranks), by the normal
// approximation with corrections for ties and continuity above. 1 when a sample is empty.
double MannWhitneyPValue(absl::Span<const double> a, absl::Span<const double> b);

// Ranks of the interval over the sorted m * n differences that covers the shift with at least
// `confidence`. Exact for m + n <= 60 without ties, conservative with; by the normal approximation
// above. Nothing when the counts have none.
std::optional<RankInterval> RankSumInterval(int64_t m, int64_t n, double confidence = 0.95);

// The Hodges-Lehmann shift from a to b, the median of all differences b[j] - a[i], and its
// interval. NaN when one is empty.
Estimate HodgesLehmannShift(absl::Span<const double> a, absl::Span<const double> b,
                            double confidence = 0.95);

}  // namespace assay

#endif  // ASSAY_ANALYSIS_RANK_SUM_H_

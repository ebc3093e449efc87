#ifndef ASSAY_ANALYSIS_ORDER_STATISTICS_H_
#define ASSAY_ANALYSIS_ORDER_STATISTICS_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/types/span.h"
#include "analysis/estimate.h"
#include "analysis/latency_histogram.h"

namespace assay {

// Quantiles and their intervals from ranks alone: nothing is assumed of the distribution but that
// samples are independent. That holds for executions, not for the requests of one: intervals over
// requests are descriptive.

// The narrowest interval with equal tails that covers the q-quantile with `confidence`: coverage is
// P(low <= Bin(n, q) <= high - 1), each tail at most (1 - confidence) / 2. Exact, and so never
// less, below 600 samples and where fewer than 50 are expected on the short side of the quantile;
// elsewhere by the normal approximation. Nothing when n is below SamplesNeeded(). REQUIRES: 0 < q <
// 1, 0 < confidence < 1. Some microseconds at most.
std::optional<RankInterval> QuantileRankInterval(int64_t n, double q, double confidence = 0.95);

// P(ranks.low <= Bin(n, q) <= ranks.high - 1), exactly. O(n): for small n and tests.
double RankIntervalCoverage(int64_t n, double q, RankInterval ranks);

// Smallest number of samples that has an interval for q: 6 for the median, 368 for p99, 3,688 for
// p99.9, 36,887 for p99.99 at 95 %.
int64_t SamplesNeeded(double q, double confidence = 0.95);

// The q-quantile in ns, or nothing where the count cannot support it or the quantile overflowed:
// then the response is "n/a", never the maximum.
std::optional<int64_t> SupportedQuantile(const LatencyHistogram& histogram, double q,
                                         double confidence = 0.95);

// The q-quantile of the samples pooled in a histogram with its interval, in ns; nothing as above.
// Descriptive. A bound that overflowed leaves low and high unset.
std::optional<Estimate> PooledQuantile(const LatencyHistogram& histogram, double q,
                                       double confidence = 0.95);

// Median (the mean of the middle two where they are two) and its interval; low and high unset below
// 6 values at 95 %. NaN when empty. The unit is that of the values.
Estimate MedianInterval(std::vector<double> values, double confidence = 0.95);

// The original experiment's figure: the arithmetic mean of the medians of several executions. It is shown and
// labelled; no verdict rests on it. NaN when empty.
double MeanOfMedians(absl::Span<const double> medians);

}  // namespace assay

#endif  // ASSAY_ANALYSIS_ORDER_STATISTICS_H_

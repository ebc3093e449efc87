#ifndef ASSAY_ANALYSIS_ORDER_STATISTICS_H_
#define ASSAY_ANALYSIS_ORDER_STATISTICS_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/types/span.h"
#include "analysis/estimate.h"
#include "analysis/latency_histogram.h"

namespace assay {

// Quantiles and their intervals from ranks alone. The only assumption is that samples are independent. This holds for
// executions, but not for the requests of one execution: intervals over requests are descriptive.

// The narrowest interval with equal tails that covers the q-quantile with `confidence`. Its coverage is P(low <=
// Bin(n, q) <= high - 1), with each tail at most (1 - confidence) / 2. Exact, and so never below `confidence`, with
// fewer than 600 samples or with fewer than 50 expected on the short side of the quantile; otherwise by the normal
// approximation. Nothing if n is below SamplesNeeded(). Takes some microseconds at most. REQUIRES: 0 < q < 1, 0 <
// confidence < 1.
std::optional<RankInterval> QuantileRankInterval(int64_t n, double q, double confidence = 0.95);

// P(ranks.low <= Bin(n, q) <= ranks.high - 1), exactly. O(n), for small n and tests.
double RankIntervalCoverage(int64_t n, double q, RankInterval ranks);

// The smallest number of samples that gives an interval for q: 6 for the median, 368 for p99, 3,688 for p99.9, 36,887
// for p99.99 at 95 %.
int64_t SamplesNeeded(double q, double confidence = 0.95);

// The q-quantile in ns. Nothing if the count does not support it or the quantile overflowed; the figure is then
// "n/a", never the maximum.
std::optional<int64_t> SupportedQuantile(const LatencyHistogram& histogram, double q,
                                         double confidence = 0.95);

// The q-quantile of the samples pooled in a histogram with its interval, in ns; nothing as above. The interval is
// descriptive. low and high are not set if a bound overflowed.
std::optional<Estimate> PooledQuantile(const LatencyHistogram& histogram, double q,
                                       double confidence = 0.95);

// The median (the mean of the middle two for an even count) and its interval, in the unit of the values. low and high
// are not set below 6 values at 95 %. NaN when empty.
Estimate MedianInterval(std::vector<double> values, double confidence = 0.95);

// The figure of the original experiment: the arithmetic mean of the medians of several executions. It is shown with a
// label and decides no verdict. NaN when empty.
double MeanOfMedians(absl::Span<const double> medians);

}  // namespace assay

#endif  // ASSAY_ANALYSIS_ORDER_STATISTICS_H_

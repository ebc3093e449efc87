#ifndef ASSAY_ANALYSIS_ESTIMATE_H_
#define ASSAY_ANALYSIS_ESTIMATE_H_

#include <cstdint>
#include <optional>

namespace assay {

// A figure with its interval. low and high are both set, or both not set if there are too few samples for an
// interval.
struct Estimate {
  double estimate = 0;
  std::optional<double> low;
  std::optional<double> high;

  friend bool operator==(const Estimate&, const Estimate&) = default;
};

// Ranks from 1; the interval is [x(low), x(high)] of the sorted samples.
struct RankInterval {
  int64_t low = 0;
  int64_t high = 0;

  friend bool operator==(const RankInterval&, const RankInterval&) = default;
};

}  // namespace assay

#endif  // ASSAY_ANALYSIS_ESTIMATE_H_

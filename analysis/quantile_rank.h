#ifndef ASSAY_ANALYSIS_QUANTILE_RANK_H_
#define ASSAY_ANALYSIS_QUANTILE_RANK_H_

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace assay {

// Rank, from 1, of the q-quantile of n samples: the smallest r with r >= q * n. If q * n differs from an integer only
// by rounding, it counts as that integer: 0.07 of 100 gives rank 7. REQUIRES: n >= 1, 0 < q <= 1.
inline uint64_t QuantileRank(uint64_t n, double q) {
  const double exact = q * static_cast<double>(n);
  const double nearest = std::round(exact);
  const double rank = std::abs(exact - nearest) <= 4e-16 * exact ? nearest : std::ceil(exact);
  return std::clamp<uint64_t>(static_cast<uint64_t>(rank), 1, n);
}

}  // namespace assay

#endif  // ASSAY_ANALYSIS_QUANTILE_RANK_H_

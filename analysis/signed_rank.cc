#include "analysis/signed_rank.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cmath>
#include <limits>
#include <numeric>

#include "analysis/normal_distribution.h"

namespace assay {
namespace {

constexpr int64_t kExactUpTo = 100;
// A tail that exceeds its bound only by rounding counts as within it.
constexpr double kRounding = 1e-9;

int64_t Pairs(int64_t n) { return n * (n + 1) / 2; }

// P(T = t) for t = 0 ... n(n+1)/2. T is the sum of a random subset of the ranks 1 ... n, each included with
// probability 1/2.
std::vector<double> SignedRankDistribution(int64_t n) {
  std::vector<double> probability(Pairs(n) + 1);
  probability[0] = 1;
  for (int64_t rank = 1; rank <= n; ++rank) {
    for (int64_t t = Pairs(rank); t >= 0; --t) {
      const double with_it = t >= rank ? probability[t - rank] : 0;
      probability[t] = 0.5 * (probability[t] + with_it);
    }
  }
  return probability;
}

// The largest t with P(T < t) <= tail, at least 1.
int64_t ExactLowRank(int64_t n, double tail) {
  const std::vector<double> probability = SignedRankDistribution(n);
  double below = probability[0];
  int64_t rank = 1;
  while (below + probability[rank] <= tail * (1 + kRounding)) below += probability[rank++];
  return rank;
}

int64_t NormalLowRank(int64_t n, double tail) {
  const auto pairs = static_cast<double>(Pairs(n));
  const double deviation = std::sqrt(pairs * static_cast<double>(2 * n + 1) / 12);
  const double t = pairs / 2 - NormalQuantile(1 - tail) * deviation;
  return std::max<int64_t>(1, static_cast<int64_t>(std::floor(t)));
}

// The doubles in their order as integers, for a bisection that ends at neighbouring doubles.
int64_t OrderedBits(double value) {
  const auto bits = std::bit_cast<int64_t>(value);
  return bits >= 0 ? bits : std::numeric_limits<int64_t>::min() - bits;
}

double FromOrderedBits(int64_t ordered) {
  return std::bit_cast<double>(ordered >= 0 ? ordered
                                            : std::numeric_limits<int64_t>::min() - ordered);
}

// How many Walsh averages of the sorted values are at most `bound`.
int64_t CountUpTo(absl::Span<const double> sorted, double bound) {
  int64_t count = 0;
  // The averages of value i with the values from i up to, but not including, `end`. `end` falls as i rises.
  auto end = static_cast<int64_t>(sorted.size());
  for (int64_t i = 0; i < end; ++i) {
    while (end > i && std::midpoint(sorted[i], sorted[end - 1]) > bound) --end;
    count += end - i;
  }
  return count;
}

// The median and the interval's bounds at the ranks of Walsh averages. `at` gives the average of a rank.
template <typename At>
Estimate EstimateFromRanks(int64_t n, double confidence, At at) {
  const int64_t half = Pairs(n) / 2;
  Estimate estimate{.estimate =
                        Pairs(n) % 2 == 1 ? at(half + 1) : std::midpoint(at(half), at(half + 1))};
  if (const auto ranks = SignedRankInterval(n, confidence)) {
    estimate.low = at(ranks->low);
    estimate.high = at(ranks->high);
  }
  return estimate;
}

}  // namespace

std::vector<double> WalshAverages(absl::Span<const double> values) {
  std::vector<double> averages;
  averages.reserve(Pairs(static_cast<int64_t>(values.size())));
  for (size_t i = 0; i < values.size(); ++i) {
    for (size_t j = i; j < values.size(); ++j)
      averages.push_back(std::midpoint(values[i], values[j]));
  }
  std::sort(averages.begin(), averages.end());
  return averages;
}

int64_t SignedRankPairsNeeded(double confidence) {
  assert(confidence > 0 && confidence < 1);
  // All differences have the same sign with probability 2^-n, which must not exceed a tail.
  const double needed = -std::log2((1 - confidence) / 2);
  return std::max<int64_t>(1, static_cast<int64_t>(std::ceil(needed * (1 - kRounding))));
}

std::optional<RankInterval> SignedRankInterval(int64_t n, double confidence) {
  if (n < SignedRankPairsNeeded(confidence)) return std::nullopt;
  const double tail = (1 - confidence) / 2;
  const int64_t low = n <= kExactUpTo ? ExactLowRank(n, tail) : NormalLowRank(n, tail);
  return RankInterval{.low = low, .high = Pairs(n) + 1 - low};
}

double SignedRankCoverage(int64_t n, RankInterval ranks) {
  const std::vector<double> probability = SignedRankDistribution(n);
  return std::accumulate(probability.begin() + ranks.low, probability.begin() + ranks.high, 0.0);
}

double WalshAverage(absl::Span<const double> sorted, int64_t rank) {
  assert(rank >= 1 && rank <= Pairs(static_cast<int64_t>(sorted.size())));
  int64_t low = OrderedBits(sorted.front());
  int64_t high = OrderedBits(sorted.back());
  // The smallest double that at least `rank` averages do not exceed is the average of that rank.
  while (low < high) {
    const int64_t middle = std::midpoint(low, high);
    if (CountUpTo(sorted, FromOrderedBits(middle)) >= rank) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return FromOrderedBits(high);
}

Estimate HodgesLehmann(absl::Span<const double> values, double confidence) {
  if (values.empty()) return {.estimate = std::numeric_limits<double>::quiet_NaN()};
  const auto n = static_cast<int64_t>(values.size());
  if (n <= kExactUpTo) {
    const std::vector<double> averages = WalshAverages(values);
    return EstimateFromRanks(n, confidence, [&](int64_t rank) { return averages[rank - 1]; });
  }
  std::vector<double> sorted(values.begin(), values.end());
  std::sort(sorted.begin(), sorted.end());
  return EstimateFromRanks(n, confidence, [&](int64_t rank) { return WalshAverage(sorted, rank); });
}

}  // namespace assay

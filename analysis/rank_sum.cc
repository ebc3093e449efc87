#include "analysis/rank_sum.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>
#include <vector>

#include "analysis/normal_distribution.h"

namespace assay {
namespace {

constexpr int64_t kExactUpTo = 60;
// A tail that exceeds its bound only by rounding counts as within it.
constexpr double kRounding = 1e-9;

// Ranks of all values of both samples, those of `a` first. They are doubled, so that the mean rank of an even number
// of ties is an integer.
struct DoubledRanks {
  std::vector<int64_t> ranks;
  // Sum of t^3 - t over the groups of t ties.
  double ties = 0;
};

DoubledRanks RankTogether(absl::Span<const double> a, absl::Span<const double> b) {
  std::vector<std::pair<double, size_t>> sorted;
  for (const double value : a) sorted.emplace_back(value, sorted.size());
  for (const double value : b) sorted.emplace_back(value, sorted.size());
  std::sort(sorted.begin(), sorted.end());
  DoubledRanks result;
  result.ranks.resize(sorted.size());
  for (size_t begin = 0; begin < sorted.size();) {
    size_t end = begin;
    while (end < sorted.size() && sorted[end].first == sorted[begin].first) ++end;
    // The mean of ranks begin + 1 ... end, doubled.
    for (size_t i = begin; i < end; ++i) {
      result.ranks[sorted[i].second] = static_cast<int64_t>(begin + 1 + end);
    }
    const auto size = static_cast<double>(end - begin);
    result.ties += size * size * size - size;
    begin = end;
  }
  return result;
}

// P(sum of m ranks drawn without order = s), for every s.
std::vector<double> SumDistribution(const std::vector<int64_t>& ranks, size_t m) {
  const int64_t largest = std::accumulate(ranks.begin(), ranks.end(), int64_t{0});
  // subsets[k][s]: the number of subsets of k of the ranks so far whose sum is s.
  std::vector<std::vector<double>> subsets(m + 1, std::vector<double>(largest + 1));
  subsets[0][0] = 1;
  size_t seen = 0;
  for (const int64_t rank : ranks) {
    ++seen;
    for (size_t k = std::min(seen, m); k >= 1; --k) {
      for (int64_t s = largest; s >= rank; --s) subsets[k][s] += subsets[k - 1][s - rank];
    }
  }
  std::vector<double> probability = std::move(subsets[m]);
  // At most C(60, 30), about 1.2e17, so rounding of the counts is far below the digits of a p-value.
  const double total = std::accumulate(probability.begin(), probability.end(), 0.0);
  for (double& p : probability) p /= total;
  return probability;
}

double ExactPValue(const DoubledRanks& together, size_t m) {
  const int64_t sum =
      std::accumulate(together.ranks.begin(), together.ranks.begin() + m, int64_t{0});
  const std::vector<double> probability = SumDistribution(together.ranks, m);
  const auto at = probability.begin() + sum;
  const double below = std::accumulate(probability.begin(), at + 1, 0.0);
  const double above = std::accumulate(at, probability.end(), 0.0);
  return std::min(1.0, 2 * std::min(below, above));
}

double NormalPValue(const DoubledRanks& together, size_t m) {
  const auto n = static_cast<double>(together.ranks.size());
  const auto na = static_cast<double>(m);
  const double nb = n - na;
  const double sum = std::accumulate(together.ranks.begin(), together.ranks.begin() + m, 0.0) / 2;
  const double u = sum - na * (na + 1) / 2;
  const double variance = na * nb / 12 * (n + 1 - together.ties / (n * (n - 1)));
  if (variance <= 0) return 1;
  const double distance = std::max(0.0, std::abs(u - na * nb / 2) - 0.5);
  return 2 * NormalCdf(-distance / std::sqrt(variance));
}

// The largest u with P(U < u) <= tail, or 0 if there is none. U counts the pairs of m and n values from one
// distribution in which the second is smaller.
int64_t ExactLowRank(int64_t m, int64_t n, double tail) {
  std::vector<int64_t> ranks(m + n);
  std::iota(ranks.begin(), ranks.end(), 1);
  const std::vector<double> probability = SumDistribution(ranks, m);
  const auto first = probability.begin() + m * (m + 1) / 2;
  int64_t rank = 0;
  double below = 0;
  while (rank < m * n / 2 && below + first[rank] <= tail * (1 + kRounding)) below += first[rank++];
  return rank;
}

int64_t NormalLowRank(int64_t m, int64_t n, double tail) {
  const auto pairs = static_cast<double>(m * n);
  const double deviation = std::sqrt(pairs * static_cast<double>(m + n + 1) / 12);
  return static_cast<int64_t>(std::floor(pairs / 2 - NormalQuantile(1 - tail) * deviation));
}

}  // namespace

double MannWhitneyPValue(absl::Span<const double> a, absl::Span<const double> b) {
  if (a.empty() || b.empty()) return 1;
  const DoubledRanks together = RankTogether(a, b);
  if (together.ranks.size() <= kExactUpTo) return ExactPValue(together, a.size());
  return NormalPValue(together, a.size());
}

std::optional<RankInterval> RankSumInterval(int64_t m, int64_t n, double confidence) {
  const double tail = (1 - confidence) / 2;
  const int64_t low = m + n <= kExactUpTo ? ExactLowRank(m, n, tail) : NormalLowRank(m, n, tail);
  if (low < 1) return std::nullopt;
  return RankInterval{.low = low, .high = m * n + 1 - low};
}

Estimate HodgesLehmannShift(absl::Span<const double> a, absl::Span<const double> b,
                            double confidence) {
  std::vector<double> differences;
  differences.reserve(a.size() * b.size());
  for (const double from : a) {
    for (const double to : b) differences.push_back(to - from);
  }
  if (differences.empty()) return {.estimate = std::numeric_limits<double>::quiet_NaN()};
  std::sort(differences.begin(), differences.end());
  const size_t half = differences.size() / 2;
  Estimate estimate{.estimate = differences.size() % 2 == 1
                                    ? differences[half]
                                    : std::midpoint(differences[half - 1], differences[half])};
  const auto ranks =
      RankSumInterval(static_cast<int64_t>(a.size()), static_cast<int64_t>(b.size()), confidence);
  if (ranks.has_value()) {
    estimate.low = differences[ranks->low - 1];
    estimate.high = differences[ranks->high - 1];
  }
  return estimate;
}

}  // namespace assay

#include "analysis/order_statistics.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>
#include <numeric>

#include "absl/status/statusor.h"
#include "analysis/normal_distribution.h"

namespace assay {
namespace {

constexpr int64_t kExactBelow = 600;
constexpr double kExactBelowExpected = 50;
// A tail that exceeds its bound only by rounding counts as within it.
constexpr double kRounding = 1e-12;

// For a binomial count X with p <= 1/2: the largest a with P(X <= a) <= tail, and the smallest b with P(X >= b) <=
// tail.
struct BinomialTails {
  int64_t a;
  int64_t b;
};

// Sums the probabilities from zero upwards. REQUIRES: P(X = 0) <= tail, and n small enough that it does not
// underflow.
BinomialTails ExactTails(int64_t n, double p, double tail) {
  const double bound = tail * (1 + kRounding);
  BinomialTails tails{.a = -1, .b = n};
  double probability = std::exp(static_cast<double>(n) * std::log1p(-p));
  double cumulative = probability;
  for (int64_t x = 0; x < n; ++x) {
    if (cumulative <= bound) tails.a = x;
    if (1 - cumulative <= bound) {
      tails.b = x + 1;
      break;
    }
    probability *= static_cast<double>(n - x) / static_cast<double>(x + 1) * (p / (1 - p));
    cumulative += probability;
  }
  return tails;
}

RankInterval ExactRanks(int64_t n, double q, double tail) {
  if (q <= 0.5) {
    const BinomialTails below = ExactTails(n, q, tail);
    return {.low = below.a + 1, .high = below.b};
  }
  const BinomialTails above = ExactTails(n, 1 - q, tail);
  return {.low = n - above.b + 1, .high = n - above.a};
}

// The number of samples below the quantile has mean n*q and variance n*q*(1-q).
RankInterval NormalRanks(int64_t n, double q, double tail) {
  const double mean = static_cast<double>(n) * q;
  const double reach = NormalQuantile(1 - tail) * std::sqrt(mean * (1 - q));
  return {.low = std::max<int64_t>(1, static_cast<int64_t>(std::floor(mean - reach))),
          .high = std::min(n, static_cast<int64_t>(std::ceil(mean + reach)) + 1)};
}

double LogChoose(int64_t n, int64_t k) {
  return std::lgamma(static_cast<double>(n) + 1) - std::lgamma(static_cast<double>(k) + 1) -
         std::lgamma(static_cast<double>(n - k) + 1);
}

}  // namespace

int64_t SamplesNeeded(double q, double confidence) {
  assert(q > 0 && q < 1 && confidence > 0 && confidence < 1);
  // The probability that all samples fall on the long side of the quantile must not exceed the tail's probability.
  const double log_long_side = q >= 0.5 ? std::log(q) : std::log1p(-q);
  const double needed = std::log((1 - confidence) / 2) / log_long_side;
  return std::max<int64_t>(2, static_cast<int64_t>(std::ceil(needed * (1 - kRounding))));
}

std::optional<RankInterval> QuantileRankInterval(int64_t n, double q, double confidence) {
  if (n < SamplesNeeded(q, confidence)) return std::nullopt;
  const double tail = (1 - confidence) / 2;
  const double expected = static_cast<double>(n) * std::min(q, 1 - q);
  if (n < kExactBelow || expected < kExactBelowExpected) return ExactRanks(n, q, tail);
  return NormalRanks(n, q, tail);
}

double RankIntervalCoverage(int64_t n, double q, RankInterval ranks) {
  double coverage = 0;
  for (int64_t x = ranks.low; x < ranks.high; ++x) {
    coverage += std::exp(LogChoose(n, x) + static_cast<double>(x) * std::log(q) +
                         static_cast<double>(n - x) * std::log1p(-q));
  }
  return coverage;
}

std::optional<int64_t> SupportedQuantile(const LatencyHistogram& histogram, double q,
                                         double confidence) {
  if (histogram.count() < static_cast<uint64_t>(SamplesNeeded(q, confidence))) return std::nullopt;
  const absl::StatusOr<int64_t> quantile = histogram.QuantileNanos(q);
  if (!quantile.ok()) return std::nullopt;
  return *quantile;
}

std::optional<Estimate> PooledQuantile(const LatencyHistogram& histogram, double q,
                                       double confidence) {
  const std::optional<int64_t> quantile = SupportedQuantile(histogram, q, confidence);
  if (!quantile.has_value()) return std::nullopt;
  Estimate estimate{.estimate = static_cast<double>(*quantile)};
  const std::optional<RankInterval> ranks =
      QuantileRankInterval(static_cast<int64_t>(histogram.count()), q, confidence);
  if (!ranks.has_value()) return estimate;
  const absl::StatusOr<int64_t> low = histogram.NanosAtRank(ranks->low);
  const absl::StatusOr<int64_t> high = histogram.NanosAtRank(ranks->high);
  if (low.ok() && high.ok()) {
    estimate.low = static_cast<double>(*low);
    estimate.high = static_cast<double>(*high);
  }
  return estimate;
}

Estimate MedianInterval(std::vector<double> values, double confidence) {
  if (values.empty()) return {.estimate = std::numeric_limits<double>::quiet_NaN()};
  std::sort(values.begin(), values.end());
  const size_t half = values.size() / 2;
  Estimate estimate{.estimate = values.size() % 2 == 1
                                    ? values[half]
                                    : std::midpoint(values[half - 1], values[half])};
  const auto n = static_cast<int64_t>(values.size());
  if (const auto ranks = QuantileRankInterval(n, 0.5, confidence)) {
    estimate.low = values[ranks->low - 1];
    estimate.high = values[ranks->high - 1];
  }
  return estimate;
}

double MeanOfMedians(absl::Span<const double> medians) {
  if (medians.empty()) return std::numeric_limits<double>::quiet_NaN();
  const double sum = std::accumulate(medians.begin(), medians.end(), 0.0);
  return sum / static_cast<double>(medians.size());
}

}  // namespace assay

#include "analysis/profile/run_bootstrap.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>
#include <numeric>

#include "analysis/false_discovery.h"
#include "analysis/random_stream.h"

namespace assay {
namespace {

constexpr double kEndless = std::numeric_limits<double>::infinity();

struct Moments {
  double mean = 0;
  // The squared standard error of the mean.
  double variance = 0;
};

template <typename At>
Moments MomentsOf(size_t count, At at) {
  Moments moments;
  for (size_t i = 0; i < count; ++i) moments.mean += at(i);
  moments.mean /= static_cast<double>(count);
  if (count < 2) return moments;
  double squares = 0;
  for (size_t i = 0; i < count; ++i) squares += std::pow(at(i) - moments.mean, 2);
  moments.variance = squares / static_cast<double>(count - 1) / static_cast<double>(count);
  return moments;
}

// A difference divided by its own standard error. A difference that is only rounding counts as zero.
double Studentised(double difference, double variance, double scale) {
  const double noise = 1e-12 * scale;
  if (std::abs(difference) <= noise) return 0;
  const double error = std::sqrt(variance);
  return error <= noise ? kEndless : std::abs(difference) / error;
}

}  // namespace

RunBootstrap::RunBootstrap(uint32_t runs_a, uint32_t runs_b, double confidence, uint64_t seed)
    : runs_a_(runs_a), runs_b_(runs_b), confidence_(confidence) {
  if (!enough_runs()) return;
  RandomStream random(seed);
  drawn_.reserve(size_t{kDraws} * (runs_a + runs_b));
  for (uint32_t draw = 0; draw < kDraws; ++draw) {
    for (uint32_t i = 0; i < runs_a; ++i) {
      drawn_.push_back(static_cast<uint32_t>(random.Below(runs_a)));
    }
    for (uint32_t i = 0; i < runs_b; ++i) {
      drawn_.push_back(static_cast<uint32_t>(random.Below(runs_b)));
    }
  }
}

MeanDifference RunBootstrap::Compare(absl::Span<const double> a, absl::Span<const double> b) const {
  assert(a.size() == runs_a_ && b.size() == runs_b_);
  MeanDifference result;
  if (a.empty() || b.empty()) return result;
  const Moments of_a = MomentsOf(a.size(), [&a](size_t i) { return a[i]; });
  const Moments of_b = MomentsOf(b.size(), [&b](size_t i) { return b[i]; });
  result.a = of_a.mean;
  result.b = of_b.mean;
  result.delta = of_b.mean - of_a.mean;
  if (!enough_runs()) return result;

  const double scale = std::abs(of_a.mean) + std::abs(of_b.mean);
  const double seen = Studentised(result.delta, of_a.variance + of_b.variance, scale);
  std::vector<double> by_chance;
  by_chance.reserve(kDraws);
  uint32_t as_large = 0;
  const uint32_t* next = drawn_.data();
  for (uint32_t draw = 0; draw < kDraws; ++draw, next += runs_a_ + runs_b_) {
    const Moments from = MomentsOf(runs_a_, [&](size_t i) { return a[next[i]]; });
    const Moments to = MomentsOf(runs_b_, [&](size_t i) { return b[next[runs_a_ + i]]; });
    const double t =
        Studentised(to.mean - from.mean - result.delta, from.variance + to.variance, scale);
    if (t >= seen) ++as_large;
    by_chance.push_back(t);
  }
  // A draw in which all runs are the same has standard error zero, so a different mean is infinitely many standard
  // errors away.
  // The sample itself counts as a draw, so p is never 0.
  result.p = seen == 0 ? 1 : (as_large + 1.0) / (kDraws + 1.0);
  const auto rank = static_cast<size_t>(std::ceil(confidence_ * kDraws)) - 1;
  std::nth_element(by_chance.begin(), by_chance.begin() + rank, by_chance.end());
  const double reach = by_chance[rank] * std::sqrt(of_a.variance + of_b.variance);
  if (std::isfinite(reach)) {
    result.low = result.delta - reach;
    result.high = result.delta + reach;
  }
  return result;
}

std::vector<bool> BenjaminiHochberg(absl::Span<const double> p_values, double rate) {
  std::vector<bool> found;
  for (const double adjusted : AdjustedPValues(p_values)) found.push_back(adjusted <= rate);
  return found;
}

}  // namespace assay

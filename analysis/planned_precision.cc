#include "analysis/planned_precision.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <numbers>

#include "analysis/chi_square_distribution.h"
#include "analysis/dependence.h"
#include "analysis/normal_distribution.h"
#include "analysis/signed_rank.h"
#include "analysis/student_distribution.h"

namespace assay {
namespace {

constexpr uint32_t kExactCoverageUpTo = 100;

double ConfidenceOf(const ComparisonRules& rules) {
  return 1 - (1 - rules.confidence) / rules.family;
}

// The variance of a block of the plan, if that of a measured block is `variance`.
double PlannedVariance(const BlockSpread& spread, double variance, double length) {
  // By chance, the whole can be smaller than its part.
  const double within = std::min(*spread.within_variance, variance);
  return variance - within + within / length;
}

double StandardErrorOf(uint32_t blocks, double deviation) {
  return deviation * std::sqrt(std::numbers::pi / 3 / blocks);
}

template <typename Chance>
std::optional<uint32_t> FewestBlocks(uint32_t least, const Chance& chance_of) {
  for (uint32_t blocks = least; blocks <= kMostPlannedBlocks; ++blocks) {
    if (chance_of(blocks) >= kPlannedPower) return blocks;
  }
  return std::nullopt;
}

}  // namespace

std::optional<BlockSpread> SpreadOfBlocks(absl::Span<const double> log_ratios,
                                          absl::Span<const StartDifference> starts,
                                          bool dependent) {
  if (log_ratios.size() < 2) return std::nullopt;
  BlockSpread spread{.blocks = static_cast<uint32_t>(log_ratios.size()),
                     .log_ratio = HodgesLehmann(log_ratios).estimate,
                     .deviation = SampleDeviation(log_ratios),
                     .degrees = static_cast<int>(log_ratios.size()) - 1};
  if (dependent && log_ratios.size() >= kDifferenceSegments) {
    const std::vector<double> segments = SegmentMeans(Winsorised(log_ratios), kDifferenceSegments);
    spread.deviation =
        SampleDeviation(segments) *
        std::sqrt(static_cast<double>(log_ratios.size()) / double{kDifferenceSegments});
    spread.degrees = static_cast<int>(kDifferenceSegments) - 1;
    return spread;
  }
  const bool all_have_pairs =
      starts.size() == log_ratios.size() &&
      std::all_of(starts.begin(), starts.end(),
                  [](const StartDifference& start) { return start.pairs >= 2; });
  if (!all_have_pairs || dependent) return spread;
  double squares = 0;
  for (const StartDifference& start : starts)
    squares += start.standard_error * start.standard_error;
  spread.within_variance = squares / static_cast<double>(starts.size());
  return spread;
}

Estimate PlannedDeviation(const BlockSpread& spread, double length) {
  assert(spread.degrees >= 1 && length > 0);
  const double variance = spread.deviation * spread.deviation;
  const double low =
      spread.degrees * variance / ChiSquareQuantile(kDeviationConfidence, spread.degrees);
  const double high =
      spread.degrees * variance / ChiSquareQuantile(1 - kDeviationConfidence, spread.degrees);
  if (spread.within_variance.has_value()) {
    return {.estimate = std::sqrt(PlannedVariance(spread, variance, length)),
            .low = std::sqrt(PlannedVariance(spread, low, length)),
            .high = std::sqrt(PlannedVariance(spread, high, length))};
  }
  return {.estimate = spread.deviation,
          .low = std::sqrt(low / std::max(1.0, length)),
          .high = std::sqrt(high / std::min(1.0, length))};
}

PlannedIntervals::PlannedIntervals(const ComparisonRules& rules)
    : rules_(rules), least_(BlocksForAnyVerdict(rules)) {
  const double confidence = ConfidenceOf(rules);
  for (uint32_t blocks = least_; blocks <= kMostPlannedBlocks; ++blocks) {
    const double coverage =
        blocks <= kExactCoverageUpTo
            ? SignedRankCoverage(blocks, SignedRankInterval(blocks, confidence).value())
            : confidence;
    quantiles_.push_back(StudentQuantile((1 + coverage) / 2, static_cast<int>(blocks) - 1));
  }
}

double PlannedIntervals::QuantileOf(uint32_t blocks) const {
  // Student's t with a thousand degrees of freedom is as good as normal.
  return blocks <= kMostPlannedBlocks ? quantiles_[blocks - least_]
                                      : NormalQuantile((1 + ConfidenceOf(rules_)) / 2);
}

std::optional<double> PlannedIntervals::HalfWidth(uint32_t blocks, double deviation) const {
  if (blocks < least_) return std::nullopt;
  return QuantileOf(blocks) * StandardErrorOf(blocks, deviation);
}

double PlannedIntervals::ChanceBeyond(uint32_t blocks, double distance, double deviation) const {
  if (blocks < least_ || !(distance > 0)) return 0;
  if (!(deviation > 0)) return 1;
  const double noncentrality = distance / StandardErrorOf(blocks, deviation);
  const double t = QuantileOf(blocks);
  const double degrees = blocks - 1;
  return NormalCdf((noncentrality - t * (1 - 1 / (4 * degrees))) /
                   std::sqrt(1 + t * t / (2 * degrees)));
}

double PlannedIntervals::ChanceOfDifference(uint32_t blocks, double log_ratio,
                                            double deviation) const {
  const double distance = std::abs(log_ratio) - std::log1p(rules_.floor);
  if (blocks == least_ && distance > 0 && deviation > 0) {
    return std::pow(NormalCdf(distance / deviation), blocks);
  }
  return ChanceBeyond(blocks, distance, deviation);
}

double PlannedIntervals::ChanceOfEquivalence(uint32_t blocks, double log_ratio,
                                             double deviation) const {
  const double zone = std::log1p(rules_.zone);
  const double near = zone - std::abs(log_ratio);
  const double far = zone + std::abs(log_ratio);
  if (blocks == least_ && near > 0 && deviation > 0) {
    return std::pow(NormalCdf(near / deviation) + NormalCdf(far / deviation) - 1, blocks);
  }
  // The interval must lie within both ends.
  return std::max(0.0,
                  ChanceBeyond(blocks, near, deviation) + ChanceBeyond(blocks, far, deviation) - 1);
}

std::optional<uint32_t> PlannedIntervals::BlocksForDifference(double log_ratio,
                                                              double deviation) const {
  return FewestBlocks(
      least_, [&](uint32_t blocks) { return ChanceOfDifference(blocks, log_ratio, deviation); });
}

std::optional<uint32_t> PlannedIntervals::BlocksForEquivalence(double log_ratio,
                                                               double deviation) const {
  return FewestBlocks(
      least_, [&](uint32_t blocks) { return ChanceOfEquivalence(blocks, log_ratio, deviation); });
}

}  // namespace assay

#include "analysis/comparison.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "analysis/dependence.h"
#include "analysis/normal_distribution.h"
#include "analysis/rank_sum.h"
#include "analysis/signed_rank.h"
#include "analysis/student_distribution.h"

namespace assay {
namespace {

constexpr double kPower = 0.8;
constexpr double kMostBlocks = 1000;
// Asymptotic relative efficiency of the signed-rank test to the t test under normality (Hodges and Lehmann 1956).
constexpr double kSignedRankEfficiency = 3 / M_PI;

double OwnConfidence(const ComparisonRules& rules) {
  assert(rules.family >= 1);
  return 1 - (1 - rules.confidence) / rules.family;
}

absl::Status CheckFigure(double figure) {
  if (figure > 0 && std::isfinite(figure)) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("figures must be positive and finite to be compared, but one is ", figure));
}

// The intervals of the log ratio for the two claims. They differ only for dependent blocks.
struct LogIntervals {
  Estimate difference;
  Estimate equivalence;
};

bool IsWithin(const Estimate& log_ratio, double edge) {
  return log_ratio.low.has_value() && *log_ratio.low >= -edge && *log_ratio.high <= edge;
}

Verdict Judge(const LogIntervals& log_ratio, const ComparisonRules& rules) {
  const double floor = std::log1p(rules.floor);
  const Estimate& difference = log_ratio.difference;
  const bool higher_is_better = rules.better == Better::kHigher;
  if (difference.low.has_value() && *difference.low > floor) {
    return higher_is_better ? Verdict::kFaster : Verdict::kSlower;
  }
  if (difference.high.has_value() && *difference.high < -floor) {
    return higher_is_better ? Verdict::kSlower : Verdict::kFaster;
  }
  return IsWithin(log_ratio.equivalence, std::log1p(rules.zone)) ? Verdict::kEquivalent
                                                                 : Verdict::kInconclusive;
}

// The sample size of a normal test from the deviation of the differences and the distance to detect.
std::optional<uint32_t> SampleSize(double power, double deviation, double distance,
                                   double efficiency, const ComparisonRules& rules) {
  if (!(distance > 0)) return std::nullopt;
  const double tail = (1 - OwnConfidence(rules)) / 2;
  const double quantiles = NormalQuantile(1 - tail) + NormalQuantile(power);
  const double needed = std::ceil(std::pow(quantiles * deviation / distance, 2) / efficiency);
  if (!(needed <= kMostBlocks)) return std::nullopt;
  return std::max(static_cast<uint32_t>(needed), BlocksForAnyVerdict(rules));
}

std::optional<uint32_t> BlocksNeeded(double log_ratio, double deviation, uint32_t blocks,
                                     const ComparisonRules& rules) {
  const auto difference = BlocksToFindDifference(log_ratio, deviation, rules);
  const auto equivalence = BlocksToShowEquivalence(log_ratio, deviation, rules);
  if (!difference.has_value() && !equivalence.has_value()) return std::nullopt;
  return std::max(std::min(difference.value_or(UINT32_MAX), equivalence.value_or(UINT32_MAX)),
                  blocks + 1);
}

// `deviation`: of the difference of one block, as if blocks were independent.
RatioComparison Conclude(const LogIntervals& log_ratio, double deviation, size_t blocks,
                         const ComparisonRules& rules) {
  RatioComparison comparison;
  comparison.ratio.estimate = std::exp(log_ratio.difference.estimate);
  if (log_ratio.difference.low.has_value()) {
    comparison.ratio.low = std::exp(*log_ratio.difference.low);
    comparison.ratio.high = std::exp(*log_ratio.difference.high);
  }
  comparison.confidence = OwnConfidence(rules);
  comparison.blocks = static_cast<uint32_t>(blocks);
  comparison.verdict = Judge(log_ratio, rules);
  comparison.within_zone = IsWithin(log_ratio.equivalence, std::log1p(rules.zone));
  // One difference has no standard deviation.
  if (comparison.verdict == Verdict::kInconclusive && blocks >= 2) {
    comparison.blocks_needed =
        BlocksNeeded(log_ratio.difference.estimate, deviation, comparison.blocks, rules);
  }
  return comparison;
}

absl::StatusOr<std::vector<double>> Logarithms(absl::Span<const double> figures) {
  std::vector<double> logarithms;
  logarithms.reserve(figures.size());
  for (const double figure : figures) {
    if (absl::Status status = CheckFigure(figure); !status.ok()) return status;
    logarithms.push_back(std::log(figure));
  }
  return logarithms;
}

RatioComparison CompareSegments(absl::Span<const double> differences,
                                const ComparisonRules& rules) {
  const std::vector<double> tame = Winsorised(differences);
  if (tame.size() < kDifferenceSegments) {
    LogIntervals none{.difference = HodgesLehmann(differences, OwnConfidence(rules))};
    none.difference.low.reset();
    none.difference.high.reset();
    RatioComparison comparison = Conclude(none, SampleDeviation(differences), tame.size(), rules);
    if (comparison.blocks_needed.has_value()) {
      comparison.blocks_needed = std::max(*comparison.blocks_needed, kDifferenceSegments);
    }
    return comparison;
  }
  const std::vector<double> segments = SegmentMeans(tame, kDifferenceSegments);
  const LogIntervals intervals = {
      .difference = StudentInterval(segments, OwnConfidence(rules)),
      .equivalence =
          StudentInterval(SegmentMeans(tame, kEquivalenceSegments), OwnConfidence(rules))};
  // The deviation of independent blocks whose segments would vary as much.
  const double deviation =
      SampleDeviation(segments) * std::sqrt(static_cast<double>(tame.size()) / kDifferenceSegments);
  return Conclude(intervals, deviation, tame.size(), rules);
}

}  // namespace

std::string_view ToString(Verdict verdict) {
  switch (verdict) {
    case Verdict::kFaster:
      return "faster";
    case Verdict::kSlower:
      return "slower";
    case Verdict::kEquivalent:
      return "equivalent";
    case Verdict::kInconclusive:
      return "inconclusive";
  }
  return "inconclusive";
}

absl::StatusOr<std::vector<double>> LogRatios(absl::Span<const BlockPair> blocks) {
  std::vector<double> differences;
  differences.reserve(blocks.size());
  for (const BlockPair& block : blocks) {
    if (absl::Status status = CheckFigure(block.baseline); !status.ok()) return status;
    if (absl::Status status = CheckFigure(block.candidate); !status.ok()) return status;
    differences.push_back(std::log(block.candidate / block.baseline));
  }
  return differences;
}

absl::StatusOr<RatioComparison> ComparePaired(absl::Span<const BlockPair> blocks,
                                              const ComparisonRules& rules, bool dependent) {
  const absl::StatusOr<std::vector<double>> differences = LogRatios(blocks);
  if (!differences.ok()) return differences.status();
  RatioComparison comparison;
  if (dependent) {
    comparison = CompareSegments(*differences, rules);
    comparison.method = Method::kSegments;
  } else {
    const Estimate log_ratio = HodgesLehmann(*differences, OwnConfidence(rules));
    comparison =
        Conclude({log_ratio, log_ratio}, SampleDeviation(*differences), differences->size(), rules);
  }
  if (differences->size() >= kDifferenceSegments) {
    for (const double mean : SegmentMeans(*differences, kDifferenceSegments)) {
      comparison.segment_ratios.push_back(std::exp(mean));
    }
  }
  return comparison;
}

absl::StatusOr<RatioComparison> CompareUnpaired(absl::Span<const double> baseline,
                                                absl::Span<const double> candidate,
                                                const ComparisonRules& rules) {
  absl::StatusOr<std::vector<double>> from = Logarithms(baseline);
  if (!from.ok()) return from.status();
  absl::StatusOr<std::vector<double>> to = Logarithms(candidate);
  if (!to.ok()) return to.status();
  const Estimate shift = HodgesLehmannShift(*from, *to, OwnConfidence(rules));
  RatioComparison comparison =
      Conclude({shift, shift}, std::hypot(SampleDeviation(*from), SampleDeviation(*to)),
               std::min(from->size(), to->size()), rules);
  comparison.method = Method::kUnpaired;
  return comparison;
}

uint32_t BlocksForAnyVerdict(const ComparisonRules& rules) {
  return static_cast<uint32_t>(SignedRankPairsNeeded(OwnConfidence(rules)));
}

std::optional<uint32_t> BlocksToFindDifference(double log_ratio, double deviation,
                                               const ComparisonRules& rules) {
  return SampleSize(kPower, deviation, std::abs(log_ratio) - std::log1p(rules.floor),
                    kSignedRankEfficiency, rules);
}

std::optional<uint32_t> BlocksToShowEquivalence(double log_ratio, double deviation,
                                                const ComparisonRules& rules) {
  return SampleSize((1 + kPower) / 2, deviation, std::log1p(rules.zone) - std::abs(log_ratio), 1,
                    rules);
}

}  // namespace assay

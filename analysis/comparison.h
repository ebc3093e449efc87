#ifndef ASSAY_ANALYSIS_COMPARISON_H_
#define ASSAY_ANALYSIS_COMPARISON_H_

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "analysis/estimate.h"

namespace assay {

// Which of two servers is faster, by how much, and whether that is more than chance. The unit is the execution, a
// fresh start of a server; docs/measurement.md says why.

enum class Better { kLower, kHigher };

enum class Verdict {
  // The interval of the ratio lies wholly beyond the floor.
  kFaster,
  kSlower,
  // It lies wholly within the zone, and not beyond the floor.
  kEquivalent,
  // Neither.
  kInconclusive,
};
// "faster", "slower", "equivalent" or "inconclusive".
std::string_view ToString(Verdict verdict);

struct ComparisonRules {
  // Probability that all intervals of the family together cover their true ratios.
  double confidence = 0.95;
  // Comparisons that verdicts rest on: levels times candidates of the primary metric. Each interval
  // is widened so that the family keeps its confidence (Bonferroni).
  uint32_t family = 1;
  // A difference is claimed when the interval lies beyond 1 / (1 + floor) or 1 + floor.
  double floor = 0.01;
  // Equivalence is claimed when the interval lies within 1 / (1 + zone) to 1 + zone. Wider than the floor: with one limit
  // for both claims, a true ratio at that limit could never be decided.
  double zone = 0.02;
  Better better = Better::kLower;
};

// One block's figures of both, in the same unit.
struct BlockPair {
  double baseline = 0;
  double candidate = 0;
};

// What the interval of a comparison was computed from.
enum class Method {
  // All blocks, as independent: Hodges-Lehmann and Wilcoxon.
  kBlocks,
  // Segments of time, because neighbouring blocks are alike: means of winsorised differences and Student's t.
  kSegments,
  // Executions without pairs: Hodges-Lehmann shift and Mann-Whitney.
  kUnpaired,
};

struct RatioComparison {
  // Candidate over baseline; low and high unset where there are too few blocks for the confidence.
  Estimate ratio;
  // Of this interval alone: 1 - (1 - rules.confidence) / rules.family.
  double confidence = 0;
  Verdict verdict = Verdict::kInconclusive;
  // The ratio also lies within the zone. With kFaster or kSlower: different, by less than the zone.
  bool within_zone = false;
  Method method = Method::kBlocks;
  uint32_t blocks = 0;
  // The geometric mean ratio of each of kDifferenceSegments segments of time, in order; empty with fewer blocks than that.
  std::vector<double> segment_ratios;
  // When inconclusive: about how many blocks in all would decide, with 80 % power, if the
  // estimate is right. Not set: more than a thousand would be needed, or none would do, since the estimate is too near the
  // edges of floor and zone ("never").
  std::optional<uint32_t> blocks_needed;
};

// Segments of time that dependent blocks are reduced to, for the claim of a difference and for that of equivalence, where
// the consequence of intervals that are too narrow is worse.
constexpr uint32_t kDifferenceSegments = 8;
constexpr uint32_t kEquivalenceSegments = 6;

// Compares over the blocks of one campaign, in the order of time: exp of the Hodges-Lehmann estimate and Wilcoxon
// interval of ln(candidate / baseline). `dependent`: DependenceStatistic() of the campaign is above its limit
// (analysis/dependence.h); the interval is then that of kSegments, and there is none with fewer than kDifferenceSegments
// blocks. kInvalidArgument when a figure is not positive and finite.
absl::StatusOr<RatioComparison> ComparePaired(absl::Span<const BlockPair> blocks,
                                              const ComparisonRules& rules, bool dependent = false);

// ln(candidate / baseline) of each block. Errors as above.
absl::StatusOr<std::vector<double>> LogRatios(absl::Span<const BlockPair> blocks);

// Compares where there are no pairs, as between campaigns: exp of the Hodges-Lehmann shift of the
// logarithms. `blocks` and `blocks_needed` then count the executions of the smaller side. Errors as
// above.
absl::StatusOr<RatioComparison> CompareUnpaired(absl::Span<const double> baseline,
                                                absl::Span<const double> candidate,
                                                const ComparisonRules& rules);

// The smallest number of blocks with which a verdict is possible at all: 6 for a family of one, 7
// for three at 95 %.
uint32_t BlocksForAnyVerdict(const ComparisonRules& rules);

// Blocks that find a true log ratio beyond the floor with 80 % power, when block differences have this standard deviation:
// ((z(1 - a/2) + z(0.8)) * deviation / (|log_ratio| - ln(1 + floor)))^2, divided by 3/pi, the asymptotic efficiency of the
// signed-rank test. Not set: the ratio does not lie beyond the floor, or more than a thousand would be needed.
std::optional<uint32_t> BlocksToFindDifference(double log_ratio, double deviation,
                                               const ComparisonRules& rules);

// Blocks that show a true log ratio to be within the zone with 80 % power: both one-sided claims hold with 90 % each, so
// ((z(1 - a/2) + z(0.9)) * deviation / (ln(1 + zone) - |log_ratio|))^2. Not set as above.
std::optional<uint32_t> BlocksToShowEquivalence(double log_ratio, double deviation,
                                                const ComparisonRules& rules);

}  // namespace assay

#endif  // ASSAY_ANALYSIS_COMPARISON_H_

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

// Compares two servers: which is faster, by how much, and whether the difference is more than chance. The unit of
// analysis is the execution, a fresh start of a server; docs/measurement.md says why.

enum class Better { kLower, kHigher };

enum class Verdict {
  // The whole interval of the ratio lies beyond the floor.
  kFaster,
  kSlower,
  // The whole interval lies within the zone, and not wholly beyond the floor.
  kEquivalent,
  // None of the above.
  kInconclusive,
};
// "faster", "slower", "equivalent" or "inconclusive".
std::string_view ToString(Verdict verdict);

struct ComparisonRules {
  // Probability that all intervals of the family together cover their true ratios.
  double confidence = 0.95;
  // The number of comparisons that get a verdict: levels times candidates of the primary metric. Each interval is
  // widened so that the family keeps its confidence (Bonferroni).
  uint32_t family = 1;
  // A difference is claimed if the whole interval lies beyond 1 / (1 + floor) or 1 + floor.
  double floor = 0.01;
  // Equivalence is claimed if the whole interval lies within 1 / (1 + zone) to 1 + zone. The zone is wider than the
  // floor: with one limit for both claims, a true ratio at that limit could never be decided.
  double zone = 0.02;
  Better better = Better::kLower;
};

// The figures of baseline and candidate in one block, in the same unit.
struct BlockPair {
  double baseline = 0;
  double candidate = 0;
};

// The method that gave the interval of a comparison.
enum class Method {
  // All blocks, treated as independent: Hodges-Lehmann and Wilcoxon.
  kBlocks,
  // Segments of time, because neighbouring blocks are alike: means of winsorised differences and Student's t.
  kSegments,
  // Unpaired executions: Hodges-Lehmann shift and Mann-Whitney.
  kUnpaired,
};

struct RatioComparison {
  // Candidate divided by baseline. low and high are not set if there are too few blocks for the confidence.
  Estimate ratio;
  // The confidence of this interval alone: 1 - (1 - rules.confidence) / rules.family.
  double confidence = 0;
  Verdict verdict = Verdict::kInconclusive;
  // The ratio also lies within the zone. With kFaster or kSlower, the servers differ, but by less than the zone.
  bool within_zone = false;
  Method method = Method::kBlocks;
  uint32_t blocks = 0;
  // The geometric mean ratio of each of kDifferenceSegments segments of time, in order. Empty with fewer blocks than
  // that.
  std::vector<double> segment_ratios;
  // If inconclusive: about how many blocks in total would give a verdict with 80 % power, if the estimate is right.
  // Not set if more than a thousand are needed, or if the estimate is too near the limits of floor and zone for any
  // number ("never").
  std::optional<uint32_t> blocks_needed;
};

// The number of segments of time that dependent blocks are reduced to, for the claim of a difference and for the
// claim of equivalence. The latter has fewer segments, because intervals that are too narrow do more harm there.
constexpr uint32_t kDifferenceSegments = 8;
constexpr uint32_t kEquivalenceSegments = 6;

// Compares over the blocks of one campaign, in the order of time: exp of the Hodges-Lehmann estimate and Wilcoxon
// interval of ln(candidate / baseline). `dependent`: DependenceStatistic() of the campaign is above its limit
// (analysis/dependence.h). The interval is then that of kSegments, and there is none with fewer than
// kDifferenceSegments blocks. kInvalidArgument if a figure is not positive and finite.
absl::StatusOr<RatioComparison> ComparePaired(absl::Span<const BlockPair> blocks,
                                              const ComparisonRules& rules, bool dependent = false);

// ln(candidate / baseline) of each block. Errors are those of the comparison above.
absl::StatusOr<std::vector<double>> LogRatios(absl::Span<const BlockPair> blocks);

// Compares unpaired executions, such as those of two campaigns: exp of the Hodges-Lehmann shift of the logarithms.
// `blocks` and `blocks_needed` then count the executions of the smaller side. Errors as above.
absl::StatusOr<RatioComparison> CompareUnpaired(absl::Span<const double> baseline,
                                                absl::Span<const double> candidate,
                                                const ComparisonRules& rules);

// The smallest number of blocks with which a verdict is possible: 6 for a family of one, 7 for a family of three at
// 95 %.
uint32_t BlocksForAnyVerdict(const ComparisonRules& rules);

// The number of blocks that detects a true log ratio beyond the floor with 80 % power, if block differences have this
// standard deviation: ((z(1 - a/2) + z(0.8)) * deviation / (|log_ratio| - ln(1 + floor)))^2, divided by 3/pi, the
// asymptotic efficiency of the signed-rank test. Not set if the ratio does not lie beyond the floor or more than a
// thousand blocks are needed.
std::optional<uint32_t> BlocksToFindDifference(double log_ratio, double deviation,
                                               const ComparisonRules& rules);

// The number of blocks that shows with 80 % power that a true log ratio is within the zone. Both one-sided claims
// hold with 90 % each, so it is ((z(1 - a/2) + z(0.9)) * deviation / (ln(1 + zone) - |log_ratio|))^2. Not set if the
// ratio is not within the zone or more than a thousand blocks are needed.
std::optional<uint32_t> BlocksToShowEquivalence(double log_ratio, double deviation,
                                                const ComparisonRules& rules);

}  // namespace assay

#endif  // ASSAY_ANALYSIS_COMPARISON_H_

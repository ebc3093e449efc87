#ifndef ASSAY_ANALYSIS_COMPARISON_H_
#define ASSAY_ANALYSIS_COMPARISON_H_

#include <cstdint>
#include <optional>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "analysis/estimate.h"

namespace assay {

// Who is faster, by how much, and whether that is more than chance. The unit is the execution, a
// fresh start of a server; docs/measurement.md says why.

enum class Better { kLower, kHigher };

enum class Verdict {
  // The interval of the ratio lies wholly outside the equivalence zone.
  kFaster,
  kSlower,
  // It lies wholly inside.
  kEquivalent,
  // Neither.
  kInconclusive,
};
// "faster", "slower", "equivalent" or "inconclusive".
std::string_view ToString(Verdict verdict);

struct ComparisonRules {
  // Of all intervals of the family together to cover.
  double confidence = 0.95;
  // Comparisons that verdicts rest on: levels times candidates of the primary metric. Each interval
  // is widened so that the family keeps its confidence (Bonferroni).
  uint32_t family = 1;
  // Ratios from 1 / (1 + zone) to 1 + zone make no difference worth having.
  double zone = 0.02;
  Better better = Better::kLower;
};

// One block's figures of both, in the same unit.
struct BlockPair {
  double baseline = 0;
  double candidate = 0;
};

struct RatioComparison {
  // Candidate over baseline; low and high unset where there are too few blocks for the confidence.
  Estimate ratio;
  // Of this interval alone: 1 - (1 - rules.confidence) / rules.family.
  double confidence = 0;
  Verdict verdict = Verdict::kInconclusive;
  uint32_t blocks = 0;
  // When inconclusive: about how many blocks in all would decide, with 80 % power, should the
  // estimate be right. Not set: not within a thousand, since the estimate is too near the zone's
  // edge ("never").
  std::optional<uint32_t> blocks_needed;
};

// Compares over the blocks of one campaign: exp of the Hodges-Lehmann estimate and Wilcoxon
// interval of ln(candidate / baseline). kInvalidArgument when a figure is not positive and finite.
absl::StatusOr<RatioComparison> ComparePaired(absl::Span<const BlockPair> blocks,
                                              const ComparisonRules& rules);

// Compares where there are no pairs, as between campaigns: exp of the Hodges-Lehmann shift of the
// logarithms. `blocks` and `blocks_needed` then count the executions of the smaller side. Errors as
// above.
absl::StatusOr<RatioComparison> CompareUnpaired(absl::Span<const double> baseline,
                                                absl::Span<const double> candidate,
                                                const ComparisonRules& rules);

// The smallest number of blocks with which a verdict is possible at all: 6 for a family of one, 7
// for three at 95 %.
uint32_t BlocksForAnyVerdict(const ComparisonRules& rules);

}  // namespace assay

#endif  // ASSAY_ANALYSIS_COMPARISON_H_

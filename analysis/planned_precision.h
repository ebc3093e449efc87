#ifndef ASSAY_ANALYSIS_PLANNED_PRECISION_H_
#define ASSAY_ANALYSIS_PLANNED_PRECISION_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/types/span.h"
#include "analysis/comparison.h"
#include "analysis/estimate.h"
#include "analysis/slot_pairs.h"

namespace assay {

// What a comparison of a planned size can show, computed from the variation of the blocks of a short pilot or of an
// earlier campaign. Blocks count as independent and their log ratios as normal; with heavier tails an interval is about
// as wide, because the Hodges-Lehmann estimate resists outliers.

// How much the log ratio of a block varies from block to block.
struct BlockSpread {
  // The blocks that were measured, and the Hodges-Lehmann centre of their log ratios.
  uint32_t blocks = 0;
  double log_ratio = 0;
  // Standard deviation of the blocks' log ratios, and its degrees of freedom: blocks - 1, or 7 if it is that of 8 segments
  // of time.
  double deviation = 0;
  int degrees = 0;
  // The part of deviation^2 that comes from the slot pairs within a start (the mean square of the starts' standard errors),
  // which longer starts reduce. Not set if it is not known: blocks have no slots, or are not independent.
  std::optional<double> within_variance;
};

// The spread of blocks in the order of time. `starts`: the slot pairs of each block, empty if blocks have no slots.
// `dependent`: as in ComparePaired(); the deviation is then that of independent blocks whose segments would vary as much.
// Nothing below two blocks.
std::optional<BlockSpread> SpreadOfBlocks(absl::Span<const double> log_ratios,
                                          absl::Span<const StartDifference> starts, bool dependent);

// Each end of the interval of a planned deviation is a one-sided bound with this confidence.
constexpr double kDeviationConfidence = 0.9;

// The standard deviation of a block's log ratio in a plan whose blocks are measured `length` times as long as those of
// `spread`, with the bounds that few blocks allow.
//
// Of the variance, the part within starts is divided by `length`, and the part between starts stays: the random-effects
// model of Kalibera and Jones, "Rigorous benchmarking in reasonable time", ISMM 2013. The bounds of the whole variance are
// degrees * deviation^2 / q, q being the chi-square quantiles at 90 % (low) and 10 % (high). The upper one is the bound
// that Browne, "On the use of a pilot sample for sample size determination", Statistics in Medicine 14 (1995), plans
// with. The part within starts has many degrees of freedom and counts as known. If it is not known, the low bound
// assumes that a longer block averages everything out, the others that it averages out nothing (and the reverse for a
// shorter block).
//
// REQUIRES: spread.degrees >= 1, length > 0.
Estimate PlannedDeviation(const BlockSpread& spread, double length);

// Numbers of blocks are those that decide with this probability, up to this many.
constexpr double kPlannedPower = 0.8;
constexpr uint32_t kMostPlannedBlocks = 1000;

// The intervals of comparisons with these rules, by number of blocks.
//
// An interval's expected half-width is t * deviation * sqrt(pi / 3) / sqrt(blocks): t is Student's quantile at the exact
// coverage of the Wilcoxon interval, and 3 / pi the efficiency of the Hodges-Lehmann estimate (Hodges and Lehmann 1956).
// A chance is the power of the corresponding t test, by the normal approximation of the noncentral t distribution
// (Abramowitz and Stegun, 26.7.10). With the fewest blocks that have an interval, it is the range of the log ratios and the
// chance exact: every block must be beyond the limit. Simulated chances agree to within 5 %.
// BlocksToFindDifference() of comparison.h counts with normal quantiles and gives fewer where blocks are few.
//
// Cost: the constructor takes some tens of milliseconds, because it enumerates the signed-rank distributions up to 100 blocks.
class PlannedIntervals {
 public:
  explicit PlannedIntervals(const ComparisonRules& rules);

  const ComparisonRules& rules() const { return rules_; }

  // The expected half-width of the interval of the log ratio. Not set if so few blocks give no interval.
  std::optional<double> HalfWidth(uint32_t blocks, double deviation) const;

  // The probability that a comparison claims a difference, if the true log ratio is this one. 0 if it is not beyond the
  // floor.
  double ChanceOfDifference(uint32_t blocks, double log_ratio, double deviation) const;
  // The probability that the interval lies within the zone.
  double ChanceOfEquivalence(uint32_t blocks, double log_ratio, double deviation) const;

  // The fewest blocks with which that chance is at least kPlannedPower. Not set if it needs more than kMostPlannedBlocks.
  std::optional<uint32_t> BlocksForDifference(double log_ratio, double deviation) const;
  std::optional<uint32_t> BlocksForEquivalence(double log_ratio, double deviation) const;

 private:
  // Student's quantile of the interval of so many blocks. REQUIRES: blocks >= least_.
  double QuantileOf(uint32_t blocks) const;
  // The chance that an estimate whose true value is `distance` from a limit has its interval on the same side of it.
  double ChanceBeyond(uint32_t blocks, double distance, double deviation) const;

  const ComparisonRules rules_;
  // The fewest blocks with an interval.
  const uint32_t least_;
  // From least_ to kMostPlannedBlocks.
  std::vector<double> quantiles_;
};

}  // namespace assay

#endif  // ASSAY_ANALYSIS_PLANNED_PRECISION_H_

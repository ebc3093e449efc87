#include "analysis/planned_precision.h"

#include <cmath>
#include <vector>

#include "absl/strings/str_cat.h"
#include "analysis/chi_square_distribution.h"
#include "analysis/random_stream.h"
#include "analysis/signed_rank.h"
#include "gtest/gtest.h"

namespace assay {
namespace {

constexpr int kTrials = 2'000;

double Gaussian(RandomStream* random) {
  return std::sqrt(-2 * std::log1p(-random->NextDouble())) *
         std::cos(2 * M_PI * random->NextDouble());
}

std::vector<double> Gaussians(RandomStream* random, size_t count, double centre, double deviation) {
  std::vector<double> values(count);
  for (double& value : values) value = centre + deviation * Gaussian(random);
  return values;
}

// Blocks of a campaign whose ln(candidate / baseline) has this centre and deviation.
std::vector<BlockPair> RandomBlocks(RandomStream* random, uint32_t blocks, double centre,
                                    double deviation) {
  std::vector<BlockPair> pairs;
  for (const double log_ratio : Gaussians(random, blocks, centre, deviation))
    pairs.push_back({1, std::exp(log_ratio)});
  return pairs;
}

// The share of campaigns with this verdict.
double SimulatedChance(const ComparisonRules& rules, uint32_t blocks, double centre,
                       double deviation, Verdict wanted) {
  RandomStream random(blocks);
  int hits = 0;
  for (int trial = 0; trial < kTrials; ++trial) {
    const auto pairs = RandomBlocks(&random, blocks, centre, deviation);
    hits += ComparePaired(pairs, rules)->verdict == wanted ? 1 : 0;
  }
  return static_cast<double>(hits) / kTrials;
}

// Tables of the chi-square distribution.
TEST(ChiSquareTest, GivesTheKnownQuantiles) {
  EXPECT_NEAR(ChiSquareQuantile(0.95, 1), 3.841459, 1e-6);
  EXPECT_NEAR(ChiSquareQuantile(0.9, 3), 6.251389, 1e-6);
  EXPECT_NEAR(ChiSquareQuantile(0.1, 3), 0.584374, 1e-6);
  EXPECT_NEAR(ChiSquareQuantile(0.1, 7), 2.833107, 1e-6);
  EXPECT_NEAR(ChiSquareQuantile(0.5, 10), 9.341818, 1e-6);
  EXPECT_NEAR(ChiSquareQuantile(0.95, 100), 124.342113, 1e-5);
  // exp(-5000) is zero in doubles.
  EXPECT_NEAR(ChiSquareQuantile(0.5, 9'999), 9'998.333, 1e-2);
  EXPECT_NEAR(ChiSquareCdf(ChiSquareQuantile(0.1, 9'999), 9'999), 0.1, 1e-9);
}

TEST(SpreadOfBlocksTest, GivesCentreDeviationAndThePartWithinStarts) {
  const std::vector<StartDifference> starts = {
      {.log_ratio = 0.01, .within_sd = 0.02, .standard_error = 0.005, .pairs = 16},
      {.log_ratio = 0.03, .within_sd = 0.04, .standard_error = 0.010, .pairs = 16},
      {.log_ratio = 0.05, .within_sd = 0.04, .standard_error = 0.010, .pairs = 16}};
  const BlockSpread spread = SpreadOfBlocks({0.01, 0.03, 0.05}, starts, false).value();
  EXPECT_EQ(spread.blocks, 3);
  EXPECT_EQ(spread.degrees, 2);
  EXPECT_NEAR(spread.log_ratio, 0.03, 1e-12);
  EXPECT_NEAR(spread.deviation, 0.02, 1e-12);
  EXPECT_NEAR(spread.within_variance.value(), 0.000075, 1e-12);
}

TEST(SpreadOfBlocksTest, BlocksWithoutPairsHaveNoPartWithinStarts) {
  const StartDifference one_pair = {.log_ratio = 0.01, .pairs = 1};
  EXPECT_EQ(SpreadOfBlocks({0.01, 0.03}, {}, false)->within_variance, std::nullopt);
  EXPECT_EQ(SpreadOfBlocks({0.01, 0.03}, {one_pair, one_pair}, false)->within_variance,
            std::nullopt);
  EXPECT_EQ(SpreadOfBlocks({0.01}, {}, false), std::nullopt);
}

// Neighbours that are alike say less than their number: the deviation is that of segments.
TEST(SpreadOfBlocksTest, DependentBlocksHaveTheDeviationOfSegments) {
  std::vector<double> log_ratios;
  for (const double percent : {1, 3, 2, 4, 2, 0, 3, 3, 1, 1, 4, 2, 5, 3, 2, 2})
    log_ratios.push_back(percent / 100);
  const BlockSpread spread = SpreadOfBlocks(log_ratios, {}, true).value();
  // Known answer 6 of docs/measurement.md.
  EXPECT_NEAR(spread.deviation, 0.010607 * std::sqrt(2), 1e-6);
  EXPECT_EQ(spread.degrees, 7);
}

TEST(PlannedDeviationTest, LongerBlocksReduceOnlyThePartWithinStarts) {
  const BlockSpread spread = {
      .blocks = 4, .deviation = 0.02, .degrees = 3, .within_variance = 0.0003};
  const Estimate planned = PlannedDeviation(spread, 10);
  EXPECT_NEAR(planned.estimate, 0.0114018, 1e-7);
  // 3 * 0.0004 / 6.251389 is less than the part within starts, which a block of ten times the length divides by ten.
  EXPECT_NEAR(*planned.low, 0.0043814, 1e-6);
  EXPECT_NEAR(*planned.high, 0.0422313, 1e-6);
  EXPECT_NEAR(PlannedDeviation(spread, 1).estimate, 0.02, 1e-12);
}

TEST(PlannedDeviationTest, UnknownPartsAreBoundedFromBothSides) {
  const BlockSpread spread = {.blocks = 4, .deviation = 0.02, .degrees = 3};
  const Estimate longer = PlannedDeviation(spread, 4);
  EXPECT_EQ(longer.estimate, 0.02);
  EXPECT_NEAR(*longer.low, 0.02 * std::sqrt(3 / 6.251389) / 2, 1e-7);
  EXPECT_NEAR(*longer.high, 0.02 * std::sqrt(3 / 0.584374), 1e-7);
  const Estimate shorter = PlannedDeviation(spread, 0.25);
  EXPECT_NEAR(*shorter.low, 0.02 * std::sqrt(3 / 6.251389), 1e-7);
  EXPECT_NEAR(*shorter.high, 2 * 0.02 * std::sqrt(3 / 0.584374), 1e-7);
}

// Starts of 12 pairs say what starts of 120 pairs will vary by, whichever part is larger.
TEST(PlannedDeviationTest, BoundsHoldTheTrueDeviationAsOftenAsStated) {
  for (const double between : {0.002, 0.01, 0.03}) {
    constexpr double kPairDeviation = 0.04;
    const double true_deviation =
        std::sqrt(between * between + kPairDeviation * kPairDeviation * M_PI / 3 / 120);
    RandomStream random(7);
    int above_low = 0;
    int below_high = 0;
    for (int trial = 0; trial < kTrials; ++trial) {
      std::vector<StartDifference> starts;
      std::vector<double> log_ratios;
      for (int start = 0; start < 4; ++start) {
        const double centre = between * Gaussian(&random);
        starts.push_back(CentreOfPairs(Gaussians(&random, 12, centre, kPairDeviation)));
        log_ratios.push_back(starts.back().log_ratio);
      }
      const Estimate planned =
          PlannedDeviation(SpreadOfBlocks(log_ratios, starts, false).value(), 10);
      above_low += true_deviation >= *planned.low ? 1 : 0;
      below_high += true_deviation <= *planned.high ? 1 : 0;
    }
    EXPECT_GE(static_cast<double>(above_low) / kTrials, 0.85) << between;
    EXPECT_GE(static_cast<double>(below_high) / kTrials, 0.85) << between;
  }
}

TEST(PlannedIntervalsTest, HalfWidthIsThatOfSimulatedIntervals) {
  for (const uint32_t family : {1U, 3U}) {
    const ComparisonRules rules = {.family = family};
    const PlannedIntervals intervals(rules);
    for (const uint32_t blocks : {7U, 8U, 12U, 24U, 60U, 110U}) {
      RandomStream random(blocks);
      double sum = 0;
      constexpr int kIntervals = 500;
      for (int trial = 0; trial < kIntervals; ++trial) {
        const auto ratio =
            ComparePaired(RandomBlocks(&random, blocks, 0, 0.02), rules).value().ratio;
        sum += std::log(*ratio.high / *ratio.low) / 2;
      }
      const double simulated = sum / kIntervals;
      EXPECT_NEAR(intervals.HalfWidth(blocks, 0.02).value() / simulated, 1, 0.06)
          << blocks << " blocks, family of " << family;
    }
  }
}

TEST(PlannedIntervalsTest, TooFewBlocksHaveNoIntervalAndNoChance) {
  const PlannedIntervals three({.family = 3});
  EXPECT_EQ(three.HalfWidth(6, 0.01), std::nullopt);
  EXPECT_EQ(three.ChanceOfDifference(6, 0.5, 0.001), 0);
  EXPECT_TRUE(three.HalfWidth(7, 0.01).has_value());
  EXPECT_EQ(three.BlocksForDifference(0.5, 0.001), 7);
}

TEST(PlannedIntervalsTest, ChancesAreThoseOfSimulatedCampaigns) {
  struct Case {
    uint32_t family;
    uint32_t blocks;
    double percent;
    double deviation;
  };
  for (const Case& one : std::vector<Case>{{1, 6, 3, 0.012},
                                           {1, 10, 2, 0.012},
                                           {3, 8, 2, 0.007},
                                           {3, 12, 2, 0.010},
                                           {1, 20, 0, 0.025},
                                           {3, 16, 0.5, 0.012},
                                           {1, 40, 3, 0.05},
                                           {1, 8, 0, 0.015}}) {
    const ComparisonRules rules = {.family = one.family};
    const PlannedIntervals intervals(rules);
    const double log_ratio = std::log1p(one.percent / 100);
    const std::string what =
        absl::StrCat(one.family, " ", one.blocks, " ", one.percent, " ", one.deviation);
    EXPECT_NEAR(intervals.ChanceOfDifference(one.blocks, log_ratio, one.deviation),
                SimulatedChance(rules, one.blocks, log_ratio, one.deviation, Verdict::kSlower),
                0.05)
        << what;
    if (one.percent > 1) continue;
    EXPECT_NEAR(intervals.ChanceOfEquivalence(one.blocks, log_ratio, one.deviation),
                SimulatedChance(rules, one.blocks, log_ratio, one.deviation, Verdict::kEquivalent),
                0.05)
        << what;
  }
}

// A user who sets the number that `check` names must get a verdict that often.
TEST(PlannedIntervalsTest, TheBlocksThatDecideDecideInFourOfFiveSimulatedCampaigns) {
  for (const uint32_t family : {1U, 3U}) {
    const ComparisonRules rules = {.family = family};
    const PlannedIntervals intervals(rules);
    for (const double deviation : {0.006, 0.01, 0.02}) {
      const double log_ratio = std::log1p(rules.zone);
      const uint32_t different = intervals.BlocksForDifference(log_ratio, deviation).value();
      EXPECT_GE(SimulatedChance(rules, different, log_ratio, deviation, Verdict::kSlower), 0.75)
          << different << " blocks, deviation " << deviation;
      const uint32_t alike = intervals.BlocksForEquivalence(0, deviation).value();
      EXPECT_GE(SimulatedChance(rules, alike, 0, deviation, Verdict::kEquivalent), 0.75)
          << alike << " blocks, deviation " << deviation;
    }
  }
}

// Both agree on what `compare` says after a campaign, but for few blocks.
TEST(PlannedIntervalsTest, ManyBlocksAgreeWithTheNumbersOfAComparison) {
  const PlannedIntervals intervals({});
  const uint32_t difference = intervals.BlocksForDifference(std::log(1.03), 0.08).value();
  EXPECT_NEAR(difference, BlocksToFindDifference(std::log(1.03), 0.08, {}).value(), 4);
  const uint32_t equivalence = intervals.BlocksForEquivalence(0, 0.08).value();
  EXPECT_NEAR(static_cast<double>(equivalence) / BlocksToShowEquivalence(0, 0.08, {}).value(), 1,
              0.08);
}

TEST(PlannedIntervalsTest, NothingDecidesWithinTheLimitsOrAtTheirEdges) {
  const PlannedIntervals intervals({});
  EXPECT_EQ(intervals.BlocksForDifference(std::log(1.009), 0.001), std::nullopt);
  EXPECT_EQ(intervals.BlocksForEquivalence(std::log(1.021), 0.001), std::nullopt);
  EXPECT_EQ(intervals.BlocksForDifference(std::log(1.011), 0.1), std::nullopt);
  EXPECT_EQ(intervals.BlocksForDifference(0.05, 0), 6);
}

}  // namespace
}  // namespace assay

#include "analysis/comparison.h"

#include <cmath>
#include <cstdint>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "analysis/random_stream.h"
#include "gtest/gtest.h"

namespace assay {
namespace {

std::vector<BlockPair> Pairs(const std::vector<double>& baseline,
                             const std::vector<double>& candidate) {
  std::vector<BlockPair> pairs;
  for (size_t i = 0; i < baseline.size(); ++i) pairs.push_back({baseline[i], candidate[i]});
  return pairs;
}

std::vector<BlockPair> Swapped(const std::vector<BlockPair>& pairs) {
  std::vector<BlockPair> swapped = pairs;
  for (BlockPair& pair : swapped) std::swap(pair.baseline, pair.candidate);
  return swapped;
}

// Eight blocks whose ratios alternate around `ratio`, by `step` above and below it in the logarithm.
std::vector<BlockPair> AlternatingPairs(double ratio, double step) {
  std::vector<BlockPair> pairs(8, {100, 100});
  for (size_t i = 0; i < pairs.size(); ++i) {
    pairs[i].candidate *= ratio * std::exp(i % 2 == 0 ? step : -step);
  }
  return pairs;
}

double Gaussian(RandomStream* random) {
  return std::sqrt(-2 * std::log1p(-random->NextDouble())) *
         std::cos(2 * M_PI * random->NextDouble());
}

// Blocks whose ln(candidate / baseline) has this centre and deviation.
std::vector<BlockPair> RandomBlocks(RandomStream* random, int blocks, double centre,
                                    double deviation) {
  std::vector<BlockPair> pairs;
  for (int i = 0; i < blocks; ++i) {
    const double machine = std::exp(0.1 * Gaussian(random));
    pairs.push_back(
        {100 * machine, 100 * machine * std::exp(centre + deviation * Gaussian(random))});
  }
  return pairs;
}

const std::vector<BlockPair> kKnown =
    Pairs({100, 102, 98, 101, 99, 100}, {110, 113, 107, 112, 108, 110});

TEST(ComparePairedTest, GivesTheKnownAnswer) {
  const RatioComparison comparison = ComparePaired(kKnown, {}).value();
  EXPECT_NEAR(comparison.ratio.estimate, 1.1, 5e-5);
  EXPECT_NEAR(comparison.ratio.low.value(), 1.090909, 5e-7);
  EXPECT_NEAR(comparison.ratio.high.value(), 1.108911, 5e-7);
  EXPECT_EQ(comparison.confidence, 0.95);
  EXPECT_EQ(comparison.verdict, Verdict::kSlower);
  EXPECT_EQ(comparison.blocks, 6);
}

TEST(ComparePairedTest, DirectionOfTheMetricDecidesWhichIsFaster) {
  EXPECT_EQ(ComparePaired(kKnown, {.better = Better::kHigher})->verdict, Verdict::kFaster);
  const std::vector<BlockPair> swapped = Swapped(kKnown);
  EXPECT_EQ(ComparePaired(swapped, {})->verdict, Verdict::kFaster);
  EXPECT_EQ(ComparePaired(swapped, {.better = Better::kHigher})->verdict, Verdict::kSlower);
}

// Swapping the sides must invert the result and not change it.
TEST(ComparePairedTest, SwappingTheSidesInvertsTheRatio) {
  RandomStream random(1);
  const std::vector<BlockPair> pairs = RandomBlocks(&random, 10, 0.1, 0.05);
  const std::vector<BlockPair> swapped = Swapped(pairs);
  const Estimate there = ComparePaired(pairs, {})->ratio;
  const Estimate back = ComparePaired(swapped, {})->ratio;
  EXPECT_NEAR(there.estimate * back.estimate, 1, 1e-12);
  EXPECT_NEAR(*there.low * *back.high, 1, 1e-12);
}

TEST(ComparePairedTest, IntervalInsideTheZoneIsEquivalent) {
  const auto pairs = Pairs({100, 101, 102, 99, 98, 100}, {100.5, 101, 102.5, 99.2, 97.9, 100.1});
  EXPECT_EQ(ComparePaired(pairs, {})->verdict, Verdict::kEquivalent);
  EXPECT_TRUE(ComparePaired(pairs, {})->within_zone);
  EXPECT_EQ(ComparePaired(pairs, {.zone = 0.001})->verdict, Verdict::kInconclusive);
}

// A real difference that is smaller than the floor is not a finding.
TEST(ComparePairedTest, DifferenceThatTouchesTheFloorIsInconclusive) {
  EXPECT_EQ(ComparePaired(kKnown, {.floor = 0.095, .zone = 0.1})->verdict, Verdict::kInconclusive);
}

// Two claims with two limits: 1.5 % is above the floor and below the zone.
TEST(ComparePairedTest, RatioBetweenFloorAndZoneIsSlowerAndWithinTheZone) {
  const RatioComparison comparison = ComparePaired(AlternatingPairs(1.015, 0.0005), {}).value();
  EXPECT_EQ(comparison.verdict, Verdict::kSlower);
  EXPECT_TRUE(comparison.within_zone);
  EXPECT_FALSE(ComparePaired(AlternatingPairs(1.05, 0.0005), {})->within_zone);
}

TEST(ComparePairedTest, FiveBlocksAreAlwaysInconclusive) {
  std::vector<BlockPair> five(kKnown.begin(), kKnown.begin() + 5);
  const RatioComparison comparison = ComparePaired(five, {}).value();
  EXPECT_EQ(comparison.verdict, Verdict::kInconclusive);
  EXPECT_FALSE(comparison.ratio.low.has_value());
  EXPECT_EQ(comparison.blocks_needed, 6);
}

// "Six blocks cannot pass a correction for three levels."
TEST(ComparePairedTest, SixBlocksAreInconclusiveForAFamilyOfThree) {
  const ComparisonRules family = {.family = 3};
  EXPECT_EQ(BlocksForAnyVerdict(family), 7);
  EXPECT_EQ(BlocksForAnyVerdict({}), 6);
  const RatioComparison comparison = ComparePaired(kKnown, family).value();
  EXPECT_EQ(comparison.verdict, Verdict::kInconclusive);
  EXPECT_NEAR(comparison.confidence, 1 - 0.05 / 3, 1e-12);
  EXPECT_EQ(comparison.blocks_needed, 7);
}

TEST(ComparePairedTest, LargerFamilyHasWiderIntervals) {
  RandomStream random(2);
  const std::vector<BlockPair> pairs = RandomBlocks(&random, 12, 0.05, 0.05);
  const Estimate alone = ComparePaired(pairs, {})->ratio;
  const Estimate of_six = ComparePaired(pairs, {.family = 6})->ratio;
  EXPECT_LT(*of_six.low, *alone.low);
  EXPECT_GT(*of_six.high, *alone.high);
  EXPECT_EQ(of_six.estimate, alone.estimate);
}

// (2.80 * s_d / (|d| - ln 1.01))^2 / (3 / pi), with d = 0.05 and s_d = 0.08 in every sample of this
// construction.
TEST(ComparePairedTest, BlocksNeededFollowFromDistanceAndDeviation) {
  const std::vector<BlockPair> pairs = AlternatingPairs(std::exp(0.05), 0.08 * std::sqrt(7.0 / 8));
  const RatioComparison comparison = ComparePaired(pairs, {}).value();
  ASSERT_EQ(comparison.verdict, Verdict::kInconclusive);
  const double expected = std::pow(2.8016 * 0.08 / (0.05 - std::log(1.01)), 2) * M_PI / 3;
  EXPECT_EQ(comparison.blocks_needed, static_cast<uint32_t>(std::ceil(expected)));
}

TEST(ComparePairedTest, BlocksForAnEquivalenceAreTheKnownAnswer) {
  EXPECT_EQ(BlocksToShowEquivalence(0, 0.04, {}), 43);
  EXPECT_EQ(BlocksToShowEquivalence(std::log(1.02), 0.04, {}), std::nullopt);
  EXPECT_EQ(BlocksToFindDifference(std::log(1.01), 0.04, {}), std::nullopt);
}

TEST(ComparePairedTest, InconclusiveNullResultNeedsTheBlocksOfAnEquivalence) {
  const std::vector<BlockPair> pairs = AlternatingPairs(1, 0.04 * std::sqrt(7.0 / 8));
  EXPECT_EQ(ComparePaired(pairs, {})->blocks_needed, 43);
}

TEST(ComparePairedTest, EstimateAtTheLimitsOfBothClaimsIsNeverConclusive) {
  const RatioComparison comparison =
      ComparePaired(AlternatingPairs(1.0102, 0.2), {.zone = 0.0105}).value();
  EXPECT_EQ(comparison.verdict, Verdict::kInconclusive);
  EXPECT_EQ(comparison.blocks_needed, std::nullopt);
}

// Log differences in %, in the order of time.
std::vector<BlockPair> KnownDependentPairs() {
  std::vector<BlockPair> pairs;
  for (const double percent : {1, 3, 2, 4, 2, 0, 3, 3, 1, 1, 4, 2, 5, 3, 2, 2}) {
    pairs.push_back({100, 100 * std::exp(percent / 100)});
  }
  return pairs;
}

TEST(ComparePairedTest, DependentBlocksAreComparedBySegmentsOfTime) {
  const RatioComparison comparison =
      ComparePaired(KnownDependentPairs(), {.family = 3}, /*dependent=*/true).value();
  EXPECT_EQ(comparison.method, Method::kSegments);
  EXPECT_NEAR(100 * std::log(comparison.ratio.estimate), 2.375, 1e-9);
  EXPECT_NEAR(100 * std::log(*comparison.ratio.low), 1.202, 5e-4);
  EXPECT_NEAR(100 * std::log(*comparison.ratio.high), 3.548, 5e-4);
  EXPECT_EQ(comparison.verdict, Verdict::kSlower);
  EXPECT_FALSE(comparison.within_zone);
  ASSERT_EQ(comparison.segment_ratios.size(), kDifferenceSegments);
  EXPECT_NEAR(comparison.segment_ratios[6], std::exp(0.04), 1e-12);
}

TEST(ComparePairedTest, FewerDependentBlocksThanSegmentsAreInconclusive) {
  std::vector<BlockPair> pairs = KnownDependentPairs();
  pairs.resize(7);
  const RatioComparison comparison = ComparePaired(pairs, {}, /*dependent=*/true).value();
  EXPECT_EQ(comparison.verdict, Verdict::kInconclusive);
  EXPECT_FALSE(comparison.ratio.low.has_value());
  EXPECT_GE(comparison.blocks_needed.value_or(0), kDifferenceSegments);
}

TEST(ComparePairedTest, RejectsFiguresWithoutALogarithm) {
  for (const double bad : {0.0, -1.0, std::nan(""), double{INFINITY}}) {
    EXPECT_EQ(ComparePaired(Pairs({100}, {bad}), {}).status().code(),
              absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(ComparePaired(Pairs({bad}, {100}), {}).status().code(),
              absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(CompareUnpaired({100}, {bad}, {}).status().code(),
              absl::StatusCode::kInvalidArgument);
  }
}

TEST(ComparePairedTest, NoBlocksAreInconclusive) {
  const RatioComparison comparison = ComparePaired({}, {}).value();
  EXPECT_EQ(comparison.verdict, Verdict::kInconclusive);
  EXPECT_TRUE(std::isnan(comparison.ratio.estimate));
}

// The A/A control: two names of one server must not be found different more often than the rules allow.
TEST(ComparePairedTest, TargetComparedWithItselfIsRarelyFaster) {
  RandomStream random(3);
  int wrong = 0;
  constexpr int kTrials = 4'000;
  for (int trial = 0; trial < kTrials; ++trial) {
    const auto verdict =
        ComparePaired(RandomBlocks(&random, 8, 0, 0.05), {.floor = 0, .zone = 0})->verdict;
    wrong += verdict == Verdict::kFaster || verdict == Verdict::kSlower ? 1 : 0;
  }
  // The expected value is 0.039 with a standard error of 0.003.
  EXPECT_LT(wrong / double{kTrials}, 0.05);
}

TEST(ComparePairedTest, BlocksNeededGive80PercentPower) {
  RandomStream random(4);
  const double centre = 0.08;
  const double deviation = 0.09;
  const double needed = BlocksToFindDifference(centre, deviation, {}).value();
  int decided = 0;
  constexpr int kTrials = 2'000;
  for (int trial = 0; trial < kTrials; ++trial) {
    const auto blocks = RandomBlocks(&random, static_cast<int>(needed), centre, deviation);
    decided += ComparePaired(blocks, {})->verdict == Verdict::kSlower ? 1 : 0;
  }
  // The expected value is 0.8 in large samples; with few blocks, the t distribution and the rank test lower it a
  // little.
  EXPECT_GT(decided / double{kTrials}, 0.7);
  EXPECT_LT(decided / double{kTrials}, 0.9);
}

TEST(CompareUnpairedTest, FindsTheRatioOfUnpairedSamples) {
  const RatioComparison comparison =
      CompareUnpaired({100, 101, 99, 100.5, 98.5, 102}, {110, 112, 109, 111, 108, 113}, {}).value();
  EXPECT_NEAR(comparison.ratio.estimate, 1.1, 0.005);
  EXPECT_EQ(comparison.verdict, Verdict::kSlower);
  EXPECT_EQ(comparison.blocks, 6);
}

// "3 runs against 3: the smallest two-sided Mann-Whitney p is 0.1."
TEST(CompareUnpairedTest, ThreeAgainstThreeAreAlwaysInconclusive) {
  EXPECT_EQ(CompareUnpaired({1, 2, 3}, {100, 200, 300}, {})->verdict, Verdict::kInconclusive);
}

}  // namespace
}  // namespace assay

#include "analysis/signed_rank.h"

#include <cmath>
#include <vector>

#include "analysis/random_stream.h"
#include "gtest/gtest.h"

namespace assay {
namespace {

TEST(SignedRankIntervalTest, GivesTheKnownRanksAndCoverage) {
  EXPECT_EQ(SignedRankInterval(6), (RankInterval{1, 21}));
  EXPECT_EQ(SignedRankInterval(8), (RankInterval{4, 33}));
  EXPECT_EQ(SignedRankInterval(10), (RankInterval{9, 47}));
  EXPECT_EQ(SignedRankInterval(10, 1 - 0.0024), (RankInterval{1, 55}));
  EXPECT_EQ(SignedRankInterval(10, 1 - 0.0008), std::nullopt);
  EXPECT_EQ(SignedRankInterval(7, 1 - 0.05 / 3), (RankInterval{1, 28}));
  EXPECT_EQ(SignedRankInterval(8, 1 - 0.05 / 3), (RankInterval{2, 35}));
  EXPECT_EQ(SignedRankInterval(12, 1 - 0.05 / 3), (RankInterval{10, 69}));
  EXPECT_EQ(SignedRankInterval(24, 1 - 0.05 / 3), (RankInterval{68, 233}));
  EXPECT_EQ(SignedRankInterval(16, 1 - 0.014), (RankInterval{22, 115}));
  EXPECT_NEAR(SignedRankCoverage(6, {1, 21}), 0.969, 5e-4);
  EXPECT_NEAR(SignedRankCoverage(8, {4, 33}), 0.961, 5e-4);
  EXPECT_NEAR(SignedRankCoverage(10, {9, 47}), 0.951, 5e-4);
}

TEST(SignedRankIntervalTest, NeedsSixPairsAndMoreForACorrectedFamily) {
  EXPECT_EQ(SignedRankPairsNeeded(), 6);
  EXPECT_EQ(SignedRankInterval(5), std::nullopt);
  EXPECT_EQ(SignedRankPairsNeeded(1 - 0.05 / 3), 7);
  EXPECT_EQ(SignedRankInterval(6, 1 - 0.05 / 3), std::nullopt);
  EXPECT_TRUE(SignedRankInterval(7, 1 - 0.05 / 3).has_value());
}

// A narrower interval would cover too little.
TEST(SignedRankIntervalTest, IsTheNarrowestSufficientInterval) {
  for (const double confidence : {0.9, 0.95, 0.9833, 0.99}) {
    for (int64_t n = SignedRankPairsNeeded(confidence); n <= 100; ++n) {
      const RankInterval ranks = SignedRankInterval(n, confidence).value();
      ASSERT_GE(SignedRankCoverage(n, ranks), confidence - 1e-9) << n;
      ASSERT_LT(SignedRankCoverage(n, {ranks.low + 1, ranks.high - 1}), confidence) << n;
    }
  }
}

TEST(SignedRankIntervalTest, ApproximationAgreesWithTheExactValueAtTheSwitch) {
  const RankInterval exact = SignedRankInterval(100).value();
  const RankInterval approximate = SignedRankInterval(101).value();
  EXPECT_NEAR(static_cast<double>(approximate.low) / (101 * 102 / 2.0),
              static_cast<double>(exact.low) / (100 * 101 / 2.0), 0.002);
  EXPECT_EQ(approximate.high, 101 * 102 / 2 + 1 - approximate.low);
}

TEST(HodgesLehmannTest, IsTheMedianOfTheWalshAverages) {
  EXPECT_EQ(WalshAverages({4, 1, 2}), (std::vector<double>{1, 1.5, 2, 2.5, 3, 4}));
  EXPECT_EQ(HodgesLehmann({4, 1, 2}).estimate, 2.25);
  EXPECT_EQ(HodgesLehmann({4, 1, 2}).low, std::nullopt);
  EXPECT_TRUE(std::isnan(HodgesLehmann({}).estimate));
}

// One outlier in ten blocks must not change the result much.
TEST(HodgesLehmannTest, OutlierHardlyChangesTheEstimate) {
  const std::vector<double> calm = {1.0, 1.1, 0.9, 1.05, 0.95, 1.02, 0.98, 1.07, 0.93, 1.01};
  std::vector<double> wild = calm;
  wild[3] = 1000;
  EXPECT_NEAR(HodgesLehmann(wild).estimate, HodgesLehmann(calm).estimate, 0.05);
}

// The coverage on differences that are symmetric but far from normal.
TEST(HodgesLehmannTest, CoversTheCentreWithItsConfidence) {
  RandomStream random(1);
  constexpr int kTrials = 20'000;
  int covered = 0;
  for (int trial = 0; trial < kTrials; ++trial) {
    std::vector<double> values(8);
    for (double& value : values) {
      value = std::pow(random.NextDouble(), 3) * (random.Below(2) == 0 ? 1 : -1);
    }
    const Estimate estimate = HodgesLehmann(values);
    covered += *estimate.low <= 0 && 0 <= *estimate.high ? 1 : 0;
  }
  EXPECT_NEAR(covered / double{kTrials}, 0.9609, 0.005);
}

}  // namespace
}  // namespace assay

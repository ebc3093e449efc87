#include "analysis/order_statistics.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <vector>

#include "analysis/latency_histogram.h"
#include "analysis/normal_distribution.h"
#include "analysis/random_stream.h"
#include "gtest/gtest.h"

namespace assay {
namespace {

constexpr double kQuantiles[] = {0.001, 0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 0.9999};

RankInterval Ranks(int64_t n, double q) { return QuantileRankInterval(n, q).value(); }

TEST(QuantileRankIntervalTest, GivesTheKnownAnswers) {
  EXPECT_EQ(Ranks(6, 0.5), (RankInterval{1, 6}));
  EXPECT_EQ(Ranks(10, 0.5), (RankInterval{2, 9}));
  EXPECT_EQ(Ranks(100, 0.5), (RankInterval{40, 61}));
  EXPECT_EQ(Ranks(10'000, 0.99), (RankInterval{9880, 9921}));
}

TEST(QuantileRankIntervalTest, GivesTheKnownCoverage) {
  EXPECT_NEAR(RankIntervalCoverage(6, 0.5, {1, 6}), 0.96875, 1e-12);
  EXPECT_NEAR(RankIntervalCoverage(10, 0.5, {2, 9}), 0.978516, 5e-7);
  EXPECT_NEAR(RankIntervalCoverage(100, 0.5, {40, 61}), 0.9648, 5e-5);
}

TEST(SamplesNeededTest, GivesTheKnownAnswers) {
  EXPECT_EQ(SamplesNeeded(0.5), 6);
  EXPECT_EQ(SamplesNeeded(0.99), 368);
  EXPECT_EQ(SamplesNeeded(0.999), 3688);
  EXPECT_EQ(SamplesNeeded(0.9999), 36'887);
}

TEST(QuantileRankIntervalTest, ExistsFromTheNumberOfSamplesNeededOn) {
  for (const double q : kQuantiles) {
    for (const double confidence : {0.5, 0.9, 0.95, 0.9983}) {
      const int64_t needed = SamplesNeeded(q, confidence);
      EXPECT_FALSE(QuantileRankInterval(needed - 1, q, confidence).has_value()) << q;
      const auto ranks = QuantileRankInterval(needed, q, confidence);
      ASSERT_TRUE(ranks.has_value()) << q;
      EXPECT_GE(ranks->low, 1);
      EXPECT_LE(ranks->high, needed);
    }
  }
}

// An interval with too little coverage makes chance look like a finding.
TEST(QuantileRankIntervalTest, ExactIntervalsCoverAtLeastTheConfidenceAndNoNarrowerOnesDo) {
  for (const double q : kQuantiles) {
    for (int64_t n = SamplesNeeded(q); n < 600; n += 7) {
      const RankInterval ranks = Ranks(n, q);
      ASSERT_GE(RankIntervalCoverage(n, q, ranks), 0.95 - 1e-9) << n << " " << q;
      const double below = RankIntervalCoverage(n, q, {0, ranks.low});
      const double above = RankIntervalCoverage(n, q, {ranks.high, n + 1});
      ASSERT_LE(below, 0.025 + 1e-9) << n << " " << q;
      ASSERT_LE(above, 0.025 + 1e-9) << n << " " << q;
      ASSERT_GT(RankIntervalCoverage(n, q, {0, ranks.low + 1}), 0.025 - 1e-9) << n << " " << q;
      ASSERT_GT(RankIntervalCoverage(n, q, {ranks.high - 1, n + 1}), 0.025 - 1e-9) << n << " " << q;
    }
  }
}

TEST(QuantileRankIntervalTest, ApproximateIntervalsCoverNearlyTheConfidence) {
  for (const double q : kQuantiles) {
    for (const int64_t n : {600, 1'000, 3'700, 20'000, 60'000}) {
      const auto ranks = QuantileRankInterval(n, q);
      if (!ranks.has_value()) continue;
      const double coverage = RankIntervalCoverage(n, q, *ranks);
      EXPECT_GE(coverage, 0.945) << n << " " << q;
      EXPECT_LE(coverage, 0.985) << n << " " << q;
    }
  }
}

TEST(QuantileRankIntervalTest, MirroredQuantileHasTheMirroredInterval) {
  for (const int64_t n : {100, 368, 599, 5'000, 1'000'000}) {
    for (const double q : {0.01, 0.125, 0.25, 0.5}) {
      const auto low = QuantileRankInterval(n, q);
      const auto high = QuantileRankInterval(n, 1 - q);
      ASSERT_EQ(low.has_value(), high.has_value());
      // With more samples, the normal approximation rounds both ends outward, not to mirrored ranks.
      if (!low.has_value() || n >= 600) continue;
      EXPECT_EQ(low->low, n + 1 - high->high) << n << " " << q;
      EXPECT_EQ(low->high, n + 1 - high->low) << n << " " << q;
    }
  }
}

TEST(SupportedQuantileTest, IsNotSetBelowTheSamplesNeeded) {
  LatencyHistogram histogram;
  for (int i = 1; i <= 367; ++i) histogram.Record(int64_t{i});
  EXPECT_EQ(SupportedQuantile(histogram, 0.99), std::nullopt);
  histogram.Record(int64_t{368});
  EXPECT_EQ(SupportedQuantile(histogram, 0.99), 365);
  EXPECT_EQ(SupportedQuantile(histogram, 0.999), std::nullopt);
  EXPECT_EQ(SupportedQuantile(LatencyHistogram(), 0.5), std::nullopt);
}

TEST(SupportedQuantileTest, IsNotSetIfTheQuantileOverflowed) {
  LatencyHistogram histogram;
  for (int i = 0; i < 10; ++i) histogram.Record(i < 4 ? 1 : LatencyHistogram::kMaxNanos + 1);
  EXPECT_EQ(SupportedQuantile(histogram, 0.5), std::nullopt);
}

TEST(PooledQuantileTest, HasTheIntervalOfItsRanks) {
  LatencyHistogram histogram;
  for (int i = 1; i <= 100; ++i) histogram.Record(int64_t{i});
  EXPECT_EQ(PooledQuantile(histogram, 0.5), (Estimate{50, 40, 61}));
  EXPECT_EQ(PooledQuantile(histogram, 0.99), std::nullopt);
}

TEST(MedianIntervalTest, HasNoBoundsBelowSixValues) {
  EXPECT_EQ(MedianInterval({5, 1, 3, 2, 4}), (Estimate{3, std::nullopt, std::nullopt}));
  EXPECT_EQ(MedianInterval({6, 5, 1, 3, 2, 4}), (Estimate{3.5, 1, 6}));
  EXPECT_TRUE(std::isnan(MedianInterval({}).estimate));
}

TEST(MedianIntervalTest, OfTenValuesIsTheSecondToTheNinth) {
  EXPECT_EQ(MedianInterval({10, 9, 8, 7, 6, 5, 4, 3, 2, 1}), (Estimate{5.5, 2, 9}));
}

// Checks the coverage on a skewed distribution.
TEST(MedianIntervalTest, CoversTheMedianWithItsConfidence) {
  RandomStream random(1);
  const double median = std::log(2.0);
  int covered = 0;
  constexpr int kTrials = 20'000;
  for (int trial = 0; trial < kTrials; ++trial) {
    std::vector<double> values(10);
    for (double& value : values) value = -std::log1p(-random.NextDouble());
    const Estimate estimate = MedianInterval(values);
    covered += *estimate.low <= median && median <= *estimate.high ? 1 : 0;
  }
  // The expected value is 0.978516 with a standard error of 0.001.
  EXPECT_NEAR(covered / double{kTrials}, 0.978516, 0.004);
}

TEST(MeanOfMediansTest, IsTheArithmeticMean) {
  const std::vector<double> medians = {1, 2, 6};
  EXPECT_DOUBLE_EQ(MeanOfMedians(medians), 3);
  EXPECT_TRUE(std::isnan(MeanOfMedians({})));
}

TEST(NormalDistributionTest, GivesTheTabulatedQuantiles) {
  EXPECT_NEAR(NormalQuantile(0.975), 1.959963984540054, 1e-12);
  EXPECT_NEAR(NormalQuantile(0.995), 2.575829303548901, 1e-12);
  EXPECT_NEAR(NormalQuantile(1e-9), -5.997807015007687, 1e-11);
  EXPECT_NEAR(NormalQuantile(0.5), 0, 1e-12);
  EXPECT_NEAR(NormalCdf(1), 0.841344746068543, 1e-14);
}

}  // namespace
}  // namespace assay

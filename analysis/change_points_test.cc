#include "analysis/change_points.h"

#include <cmath>
#include <vector>

#include "analysis/random_stream.h"
#include "gtest/gtest.h"

namespace assay {
namespace {

double Gaussian(RandomStream* random) {
  return std::sqrt(-2 * std::log1p(-random->NextDouble())) *
         std::cos(2 * M_PI * random->NextDouble());
}

// A series that has each level for `length` values, with normal noise.
std::vector<double> Steps(uint64_t seed, const std::vector<double>& levels, int length,
                          double noise) {
  RandomStream random(seed);
  std::vector<double> values;
  for (const double level : levels) {
    for (int i = 0; i < length; ++i) values.push_back(level + noise * Gaussian(&random));
  }
  return values;
}

// Q of {0, 0} and {1, 1} is 2 * 2 / 4 * 2 = 2.
TEST(LargestEnergySplitTest, GivesTheKnownAnswer) {
  const EnergySplit split = LargestEnergySplit({0, 0, 1, 1}, 2);
  EXPECT_EQ(split.index, 2);
  EXPECT_EQ(split.end, 4);
  EXPECT_DOUBLE_EQ(split.statistic, 2);
}

// A bump has the same values on both sides. Only a right side that ends with the bump shows it.
TEST(LargestEnergySplitTest, RightSideMayEndBeforeTheSeries) {
  const EnergySplit split = LargestEnergySplit({0, 0, 0, 0, 5, 5, 5, 5, 0, 0, 0, 0, 0, 0, 0, 0}, 2);
  EXPECT_EQ(split.index, 4);
  EXPECT_EQ(split.end, 8);
}

TEST(FindChangePointsTest, FindsOneStepAndItsLevels) {
  const std::vector<ChangePoint> points =
      FindChangePoints(Steps(1, {100, 105}, 12, 1), {.floor = 2});
  ASSERT_EQ(points.size(), 1);
  EXPECT_EQ(points[0].index, 12);
  EXPECT_NEAR(points[0].before, 100, 1);
  EXPECT_NEAR(points[0].after, 105, 1);
  EXPECT_LE(points[0].p_value, 0.05);
}

TEST(FindChangePointsTest, FindsSeveralSteps) {
  const std::vector<ChangePoint> points =
      FindChangePoints(Steps(2, {100, 110, 104}, 15, 1), {.floor = 2});
  ASSERT_EQ(points.size(), 2);
  EXPECT_EQ(points[0].index, 15);
  EXPECT_EQ(points[1].index, 30);
}

// A change of 1 % may be certain over many campaigns and still not be worth a mark.
TEST(FindChangePointsTest, DropsAChangeBelowTheFloor) {
  const std::vector<double> values = Steps(3, {100, 101, 110}, 15, 0.1);
  EXPECT_EQ(FindChangePoints(values, {}).size(), 2);
  const std::vector<ChangePoint> points = FindChangePoints(values, {.floor = 2});
  ASSERT_EQ(points.size(), 1);
  EXPECT_EQ(points[0].index, 30);
  // The segment before now has both of the lower levels.
  EXPECT_NEAR(points[0].before, 100.5, 0.7);
}

TEST(FindChangePointsTest, ShortOrConstantSeriesHaveNone) {
  EXPECT_TRUE(FindChangePoints({}, {}).empty());
  EXPECT_TRUE(FindChangePoints({1}, {}).empty());
  EXPECT_TRUE(FindChangePoints({1, 1, 2, 2}, {}).empty());
  EXPECT_TRUE(FindChangePoints({1, 1, 1, 1, 2, 2, 2}, {}).empty());
  EXPECT_EQ(FindChangePoints({1, 1, 1, 1, 2, 2, 2, 2}, {}).size(), 1);
  EXPECT_TRUE(FindChangePoints(std::vector<double>(40, 7), {}).empty());
}

TEST(FindChangePointsTest, OneOutlierIsNoChange) {
  std::vector<double> values = Steps(4, {100}, 30, 1);
  values[17] = 200;
  EXPECT_TRUE(FindChangePoints(values, {.floor = 2}).empty());
}

// Also with noise that is far from normal.
TEST(FindChangePointsTest, SeriesWithoutAChangeRarelyHasOne) {
  constexpr int kTrials = 400;
  int found = 0;
  for (int trial = 0; trial < kTrials; ++trial) {
    RandomStream random(1000 + trial);
    std::vector<double> values(24);
    for (double& value : values) value = std::pow(random.NextDouble(), -0.5);
    found += FindChangePoints(values, {.permutations = 199}).empty() ? 0 : 1;
  }
  // The expected value is 0.05 with a standard error of 0.011.
  EXPECT_LT(found / double{kTrials}, 0.09);
}

// Fifty quiet cells would show two or three changes if each were judged alone.
TEST(FindChangePointsOfAllTest, MarksOnlyTheSeriesThatChanges) {
  std::vector<std::vector<double>> series;
  for (int i = 0; i < 50; ++i) series.push_back(Steps(100 + i, {100}, 24, 1));
  series[20] = Steps(7, {100, 104}, 12, 1);
  const auto found = FindChangePointsOfAll(series, {});
  ASSERT_EQ(found.size(), series.size());
  int changed = 0;
  for (const auto& points : found) changed += points.empty() ? 0 : 1;
  EXPECT_EQ(changed, 1);
  ASSERT_EQ(found[20].size(), 1);
  EXPECT_EQ(found[20][0].index, 12);
  EXPECT_TRUE(FindChangePointsOfAll({}, {}).empty());
}

}  // namespace
}  // namespace assay

#include "analysis/dependence.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "analysis/random_stream.h"
#include "analysis/student_distribution.h"
#include "gtest/gtest.h"

namespace assay {
namespace {

// Over all orders of n values, mean and variance must match the formula exactly.
TEST(RankSerialCorrelationTest, MeanAndVarianceAreThoseOfAllPermutations) {
  for (const size_t n : {4, 5, 6, 7}) {
    std::vector<double> values(n);
    std::iota(values.begin(), values.end(), 1.0);
    double count = 0;
    double sum = 0;
    double squares = 0;
    SerialCorrelation last;
    do {
      last = RankSerialCorrelation(values);
      sum += last.correlation;
      squares += last.correlation * last.correlation;
      ++count;
    } while (std::next_permutation(values.begin(), values.end()));
    EXPECT_NEAR(sum / count, last.expected, 1e-12) << n;
    EXPECT_NEAR(squares / count - std::pow(sum / count, 2), last.variance, 1e-12) << n;
  }
}

TEST(RankSerialCorrelationTest, DependsOnRanksAlone) {
  const std::vector<double> values = {0.3, 0.1, 0.2, 0.9, 0.7, 0.8};
  std::vector<double> wild = values;
  wild[3] = 1e9;
  EXPECT_EQ(RankSerialCorrelation(values).correlation, RankSerialCorrelation(wild).correlation);
}

std::vector<double> Noise(RandomStream& random, size_t count, double carried) {
  std::vector<double> values;
  double state = 0;
  for (size_t i = 0; i < count; ++i) {
    state = carried * state + random.NextDouble() - 0.5;
    values.push_back(state);
  }
  return values;
}

TEST(DependenceStatisticTest, IndependentBlocksSeldomExceedTheLimit) {
  RandomStream random(1);
  int beyond = 0;
  constexpr int kTrials = 4'000;
  for (int trial = 0; trial < kTrials; ++trial) {
    const std::vector<std::vector<double>> levels = {Noise(random, 12, 0), Noise(random, 12, 0),
                                                     Noise(random, 12, 0)};
    beyond += DependenceStatistic(levels) > kDependenceLimit ? 1 : 0;
  }
  // P(Z > 2.4) = 0.0082.
  EXPECT_LT(beyond / double{kTrials}, 0.015);
}

TEST(DependenceStatisticTest, FindsAStateThatLastsForSeveralBlocks) {
  RandomStream random(2);
  int found = 0;
  constexpr int kTrials = 500;
  for (int trial = 0; trial < kTrials; ++trial) {
    const std::vector<std::vector<double>> levels = {Noise(random, 24, 0.9),
                                                     Noise(random, 24, 0.9)};
    found += DependenceStatistic(levels) > kDependenceLimit ? 1 : 0;
  }
  EXPECT_GT(found / double{kTrials}, 0.9);
}

TEST(DependenceStatisticTest, TooFewOrEqualBlocksAreNotDependent) {
  EXPECT_EQ(DependenceStatistic({}), 0);
  const std::vector<std::vector<double>> tiny = {{1, 2, 3}};
  EXPECT_EQ(DependenceStatistic(tiny), 0);
  const std::vector<std::vector<double>> equal = {{1, 1, 1, 1, 1, 1}};
  EXPECT_EQ(DependenceStatistic(equal), 0);
}

TEST(WinsorisedTest, MovesOnlyOutliers) {
  EXPECT_EQ(Winsorised({1, 2, 3, 4, 5}), (std::vector<double>{1, 2, 3, 4, 5}));
  const std::vector<double> tame = Winsorised({1, 2, 3, 4, 500});
  EXPECT_EQ(tame[0], 1);
  EXPECT_NEAR(tame[4], 3 + 3 * 1.4826, 1e-12);
  EXPECT_EQ(Winsorised({1, 1, 1, 9}), (std::vector<double>{1, 1, 1, 9}));
}

TEST(SegmentMeansTest, SegmentLengthsDifferByAtMostOne) {
  EXPECT_EQ(SegmentMeans({1, 3, 2, 4, 2, 0, 3, 3, 1, 1, 4, 2, 5, 3, 2, 2}, 8),
            (std::vector<double>{2, 3, 1, 3, 1, 3, 4, 2}));
  EXPECT_EQ(SegmentMeans({1, 2, 3, 4, 5}, 2), (std::vector<double>{1.5, 4}));
}

TEST(StudentQuantileTest, GivesTheKnownAnswer) {
  EXPECT_NEAR(StudentQuantile(1 - 0.05 / 6, 7), 3.12755, 5e-6);
  EXPECT_NEAR(StudentQuantile(0.5, 3), 0, 1e-12);
}

}  // namespace
}  // namespace assay

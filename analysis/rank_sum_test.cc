#include "analysis/rank_sum.h"

#include <cmath>
#include <cstdint>
#include <vector>

#include "analysis/random_stream.h"
#include "gtest/gtest.h"

namespace assay {
namespace {

TEST(MannWhitneyTest, GivesTheKnownAnswersForSeparatedSamples) {
  EXPECT_NEAR(MannWhitneyPValue({1, 2, 3}, {4, 5, 6}), 0.1, 1e-12);
  EXPECT_NEAR(MannWhitneyPValue({1, 2, 3, 4}, {5, 6, 7, 8}), 0.0285714, 5e-8);
  EXPECT_NEAR(MannWhitneyPValue({5, 6, 7, 8}, {1, 2, 3, 4}), 0.0285714, 5e-8);
}

TEST(MannWhitneyTest, EqualSamplesGiveOne) {
  EXPECT_EQ(MannWhitneyPValue({1, 1, 1}, {1, 1, 1}), 1);
  EXPECT_EQ(MannWhitneyPValue({}, {1}), 1);
  EXPECT_EQ(MannWhitneyPValue(std::vector<double>(40, 2.0), std::vector<double>(40, 2.0)), 1);
}

// By hand: two of the C(4, 2) = 6 ways to draw two of {1, 2, 2, 3} have a midrank sum of at most that of {1, 2}.
TEST(MannWhitneyTest, TiesUsePermutationsOfMidranks) {
  EXPECT_NEAR(MannWhitneyPValue({1, 2}, {2, 3}), 2 * 2.0 / 6, 1e-12);
}

TEST(MannWhitneyTest, ApproximationAgreesWithTheExactValueAtTheSwitch) {
  RandomStream random(1);
  for (int round = 0; round < 20; ++round) {
    std::vector<double> a(30);
    std::vector<double> b(30);
    for (double& value : a) value = random.NextDouble();
    for (double& value : b) value = random.NextDouble() + 0.1;
    const double exact = MannWhitneyPValue(a, b);
    // One more value in the middle is hardly any evidence.
    a.push_back(0.55);
    EXPECT_NEAR(MannWhitneyPValue(a, b), exact, 0.06);
  }
}

TEST(HodgesLehmannShiftTest, GivesTheKnownAnswer) {
  EXPECT_EQ(HodgesLehmannShift({1, 2, 3}, {4, 6, 8}).estimate, 4);
  EXPECT_EQ(HodgesLehmannShift({1, 2, 3}, {4, 6, 8}).low, std::nullopt);
  EXPECT_TRUE(std::isnan(HodgesLehmannShift({}, {1}).estimate));
}

// Inversion of a test: the interval excludes zero exactly if the test rejects zero.
TEST(HodgesLehmannShiftTest, IntervalAgreesWithTheTest) {
  RandomStream random(2);
  for (int round = 0; round < 300; ++round) {
    std::vector<double> a(4 + random.Below(8));
    std::vector<double> b(4 + random.Below(8));
    for (double& value : a) value = random.NextDouble();
    for (double& value : b) value = random.NextDouble() + 0.5;
    const Estimate shift = HodgesLehmannShift(a, b);
    ASSERT_TRUE(shift.low.has_value());
    const bool left_out = *shift.low > 0 || *shift.high < 0;
    ASSERT_EQ(left_out, MannWhitneyPValue(a, b) <= 0.05) << round;
  }
}

}  // namespace
}  // namespace assay

#include "analysis/false_discovery.h"

#include <vector>

#include "analysis/random_stream.h"
#include "gtest/gtest.h"

namespace assay {
namespace {

// The example of the paper's section 3.2 has 15 tests; four are findings at 5 %.
TEST(AdjustedPValuesTest, GivesTheFindingsOfThePaper) {
  const std::vector<double> p = {0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344,
                                 0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0000};
  const std::vector<double> adjusted = AdjustedPValues(p);
  int findings = 0;
  for (const double one : adjusted) findings += one <= 0.05 ? 1 : 0;
  EXPECT_EQ(findings, 4);
  EXPECT_NEAR(adjusted[0], 0.0015, 1e-12);
  EXPECT_NEAR(adjusted[3], 0.035625, 1e-12);
  EXPECT_EQ(adjusted[14], 1);
}

// A larger p-value never becomes more significant than a smaller one.
TEST(AdjustedPValuesTest, KeepsTheOrderOfTheArguments) {
  const std::vector<double> adjusted = AdjustedPValues({0.04, 0.01, 0.03});
  EXPECT_DOUBLE_EQ(adjusted[0], 0.04);
  EXPECT_DOUBLE_EQ(adjusted[1], 0.03);
  EXPECT_DOUBLE_EQ(adjusted[2], 0.04);
  EXPECT_TRUE(AdjustedPValues({}).empty());
}

TEST(AdjustedPValuesTest, TestsWithoutAnEffectRarelyGiveAFinding) {
  RandomStream random(1);
  constexpr int kTrials = 4'000;
  int with_findings = 0;
  for (int trial = 0; trial < kTrials; ++trial) {
    std::vector<double> p(20);
    for (double& one : p) one = random.NextDouble();
    for (const double one : AdjustedPValues(p)) {
      if (one > 0.05) continue;
      ++with_findings;
      break;
    }
  }
  // The expected value is 0.05 with a standard error of 0.0034.
  EXPECT_NEAR(with_findings / double{kTrials}, 0.05, 0.015);
}

}  // namespace
}  // namespace assay

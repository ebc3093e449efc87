#include "analysis/profile/run_bootstrap.h"

#include <cmath>
#include <vector>

#include "absl/types/span.h"
#include "analysis/normal_distribution.h"
#include "analysis/random_stream.h"
#include "gtest/gtest.h"

namespace assay {
namespace {

std::vector<double> Normal(RandomStream* random, int count, double mean, double deviation) {
  std::vector<double> values;
  for (int i = 0; i < count; ++i) {
    values.push_back(mean + deviation * NormalQuantile(random->NextDouble() * 0.999998 + 1e-6));
  }
  return values;
}

TEST(RunBootstrapTest, FindsAClearDifferenceWithItsInterval) {
  const RunBootstrap bootstrap(6, 6, 0.95, 1);
  const MeanDifference difference =
      bootstrap.Compare({1.0, 1.1, 0.9, 1.0, 1.05, 0.95}, {2.0, 2.1, 1.9, 2.0, 2.05, 1.95});
  EXPECT_NEAR(difference.delta, 1, 1e-12);
  EXPECT_LT(difference.p, 0.01);
  EXPECT_GT(*difference.low, 0.8);
  EXPECT_LT(*difference.high, 1.2);
}

TEST(RunBootstrapTest, EqualSetsDoNotDiffer) {
  const RunBootstrap bootstrap(5, 5, 0.95, 1);
  const std::vector<double> same = {1, 2, 3, 4, 5};
  EXPECT_GT(bootstrap.Compare(same, same).p, 0.5);
  const std::vector<double> constant(5, 0.1);
  EXPECT_EQ(bootstrap.Compare(constant, constant).p, 1);
}

// A function that one program does not have.
TEST(RunBootstrapTest, FindsAVanishedFunction) {
  const std::vector<double> there = {0.12,  0.13,  0.11,  0.12,  0.125,
                                     0.121, 0.118, 0.119, 0.124, 0.12};
  const std::vector<double> gone(10, 0);
  const MeanDifference ten = RunBootstrap(10, 10, 0.95, 1).Compare(there, gone);
  EXPECT_LT(ten.p, 0.002);
  EXPECT_LT(*ten.high, -0.11);
  // Five runs give less certainty.
  const MeanDifference five =
      RunBootstrap(5, 5, 0.95, 1)
          .Compare(absl::MakeSpan(there).subspan(0, 5), absl::MakeSpan(gone).subspan(0, 5));
  EXPECT_LT(five.p, 0.05);
  EXPECT_LT(*five.high, 0);
}

TEST(RunBootstrapTest, FewRunsTestNothing) {
  const RunBootstrap bootstrap(5, 4, 0.95, 1);
  EXPECT_FALSE(bootstrap.enough_runs());
  const MeanDifference difference = bootstrap.Compare({1, 1, 1, 1, 1}, {9, 9, 9, 9});
  EXPECT_EQ(difference.delta, 8);
  EXPECT_EQ(difference.p, 1);
  EXPECT_FALSE(difference.low.has_value());
}

TEST(RunBootstrapTest, SeedDeterminesTheResult) {
  const std::vector<double> a = {1, 2, 3, 4, 5};
  const std::vector<double> b = {2, 3, 4, 5, 7};
  EXPECT_EQ(RunBootstrap(5, 5, 0.95, 3).Compare(a, b).p,
            RunBootstrap(5, 5, 0.95, 3).Compare(a, b).p);
}

// The rate of false findings without a difference, and the coverage of intervals.
TEST(RunBootstrapTest, RateOfFalseFindingsIsAsSpecified) {
  RandomStream random(7);
  for (const int runs : {5, 10}) {
    int findings = 0;
    int covered = 0;
    constexpr int kTrials = 600;
    for (int trial = 0; trial < kTrials; ++trial) {
      const RunBootstrap bootstrap(runs, runs, 0.95, trial);
      const MeanDifference difference =
          bootstrap.Compare(Normal(&random, runs, 1, 0.1), Normal(&random, runs, 1, 0.1));
      findings += difference.p <= 0.05 ? 1 : 0;
      covered += *difference.low <= 0 && *difference.high >= 0 ? 1 : 0;
    }
    // 5 % of 600 plus three standard errors is 46.
    EXPECT_LE(findings, 46) << runs;
    EXPECT_GE(covered, kTrials - 46) << runs;
    // The test is also not too conservative.
    EXPECT_GE(findings, 3) << runs;
  }
}

TEST(BenjaminiHochbergTest, GivesTheExampleOfThePaper) {
  // Section 3.2 of Benjamini and Hochberg (1995): at 5 %, the first four of fifteen hypotheses are rejected.
  const std::vector<double> p = {0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344,
                                 0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0};
  const std::vector<bool> found = BenjaminiHochberg(p, 0.05);
  for (size_t i = 0; i < p.size(); ++i) EXPECT_EQ(found[i], i < 4) << i;
}

TEST(BenjaminiHochbergTest, OrderDoesNotMatterAndNoInputGivesNoFindings) {
  EXPECT_EQ(BenjaminiHochberg({0.9, 0.001, 0.02}, 0.05), (std::vector<bool>{false, true, true}));
  EXPECT_TRUE(BenjaminiHochberg({}, 0.05).empty());
}

}  // namespace
}  // namespace assay

#include "agent/loadgen/idle_gaps.h"

#include "gtest/gtest.h"

namespace assay::loadgen {
namespace {

// A request falls due at a random instant: long gaps meet it more often than short ones.
TEST(IdleGapsTest, WeighsGapsByTheirLength) {
  const IdleGapFigures figures = FiguresOfGaps({30'000, 50'000, 10'000, 10'000}, 900'000);
  EXPECT_EQ(figures.observed_ns, 1'000'000);
  EXPECT_EQ(figures.p99_ns, 50'000);
  EXPECT_EQ(figures.p999_ns, 50'000);
  EXPECT_DOUBLE_EQ(figures.lost_share, 0.08);
  const IdleGapFigures rare = FiguresOfGaps({1'000'000, 30'000}, 198'970'000);
  EXPECT_EQ(rare.p99_ns, 200);
  EXPECT_EQ(rare.p999_ns, 1'000'000);
}

TEST(IdleGapsTest, AnUndisturbedCoreHasNone) {
  EXPECT_EQ(FiguresOfGaps({}, 50'000'000).p999_ns, 200);
  EXPECT_EQ(FiguresOfGaps({}, 0).observed_ns, 0);
}

TEST(IdleGapsTest, ObservesForTheTimeItWasTold) {
  EXPECT_EQ(ObserveIdleGaps(0).observed_ns, 0);
  const IdleGapFigures figures = ObserveIdleGaps(2'000'000);
  EXPECT_GE(figures.observed_ns, 2'000'000);
  EXPECT_GE(figures.p999_ns, figures.p99_ns);
  EXPECT_GE(figures.lost_share, 0);
  EXPECT_LE(figures.lost_share, 1);
}

}  // namespace
}  // namespace assay::loadgen

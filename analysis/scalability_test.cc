#include "analysis/scalability.h"

#include <cmath>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gtest/gtest.h"

namespace assay {
namespace {

std::vector<CurvePoint> PointsOf(const UniversalScalability& law) {
  std::vector<CurvePoint> points;
  for (const double level : {1, 4, 16, 44, 64, 128, 256}) {
    points.push_back({level, law.ThroughputAt(level)});
  }
  return points;
}

// "USL lambda=1000, sigma=.02, kappa=.0005: peak at N = 44.27, X(44) = 15,680.7."
TEST(UniversalScalabilityTest, GivesTheKnownAnswer) {
  const UniversalScalability truth = {.lambda = 1000, .sigma = 0.02, .kappa = 0.0005};
  EXPECT_NEAR(truth.ThroughputAt(44), 15'680.7, 0.05);
  const UniversalScalability law = FitUniversalScalability(PointsOf(truth)).value();
  EXPECT_NEAR(law.lambda, 1000, 1e-6);
  EXPECT_NEAR(law.sigma, 0.02, 1e-9);
  EXPECT_NEAR(law.kappa, 0.0005, 1e-11);
  EXPECT_NEAR(law.peak_level.value(), 44.27, 0.005);
  EXPECT_NEAR(law.peak_throughput.value(), law.ThroughputAt(law.peak_level.value()), 1e-9);
  EXPECT_NEAR(law.relative_error, 0, 1e-9);
}

TEST(UniversalScalabilityTest, LinearGrowthHasNoPeak) {
  const UniversalScalability law =
      FitUniversalScalability(PointsOf({.lambda = 500, .sigma = 0, .kappa = 0})).value();
  EXPECT_NEAR(law.lambda, 500, 1e-6);
  EXPECT_NEAR(law.sigma, 0, 1e-12);
  EXPECT_FALSE(law.peak_level.has_value() && *law.peak_level < 1e5);
}

// Throughput that grows faster than the number of connections would need a negative sigma, which means nothing.
TEST(UniversalScalabilityTest, SuperlinearGrowthKeepsTheBounds) {
  std::vector<CurvePoint> points;
  for (const double level : {1, 2, 3, 4, 5, 6}) points.push_back({level, 100 * level * level});
  const UniversalScalability law = FitUniversalScalability(points).value();
  EXPECT_EQ(law.sigma, 0);
  EXPECT_EQ(law.kappa, 0);
  EXPECT_FALSE(law.peak_level.has_value());
  EXPECT_GT(law.relative_error, 0.1);
}

TEST(UniversalScalabilityTest, RejectsTooFewLevelsAndImpossibleFigures) {
  std::vector<CurvePoint> points = PointsOf({.lambda = 1000, .sigma = 0.02, .kappa = 0.0005});
  points.resize(5);
  points.push_back(points.back());
  EXPECT_EQ(FitUniversalScalability(points).status().code(), absl::StatusCode::kFailedPrecondition);
  for (const double bad : {0.0, -1.0, std::nan(""), double{INFINITY}}) {
    points[2].value = bad;
    EXPECT_EQ(FitUniversalScalability(points).status().code(), absl::StatusCode::kInvalidArgument);
  }
}

// Such levels say nothing about one connection.
TEST(UniversalScalabilityTest, RejectsThroughputThatOnlyFalls) {
  std::vector<CurvePoint> points;
  for (const double level : {100, 200, 300, 400, 500, 600})
    points.push_back({level, 1e12 / (level * level)});
  EXPECT_EQ(FitUniversalScalability(points).status().code(), absl::StatusCode::kFailedPrecondition);
}

TEST(KneeOfTest, IsWhereTheCurveBends) {
  // Latency that is flat up to 50,000/s and then rises.
  EXPECT_EQ(KneeOf({{10, 1}, {20, 1.1}, {30, 1.2}, {40, 1.3}, {50, 1.5}, {60, 9}, {65, 30}}), 4);
  // Throughput that grows with connections and then no more.
  EXPECT_EQ(KneeOf({{1, 10}, {2, 20}, {4, 40}, {8, 78}, {16, 80}, {32, 81}, {64, 81}}), 3);
}

TEST(KneeOfTest, StraightOrFlatCurvesHaveNone) {
  EXPECT_EQ(KneeOf({{1, 1}, {2, 2}, {3, 3}, {4, 4.2}, {5, 5}}), std::nullopt);
  EXPECT_EQ(KneeOf({{1, 7}, {2, 7}, {3, 7}}), std::nullopt);
  EXPECT_EQ(KneeOf({{1, 7}, {2, 70}}), std::nullopt);
}

}  // namespace
}  // namespace assay

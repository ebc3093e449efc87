#include "controller/results/scaling.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "analysis/scalability.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"

namespace assay::controller {
namespace {

using ::testing::HasSubstr;

constexpr size_t kP99 = 3;

CellResult Closed(const std::string& target, uint32_t connections, double rps) {
  CellResult cell;
  cell.cell.set_target(target);
  cell.cell.set_workload("json");
  cell.cell.set_mode("closed");
  cell.cell.set_connections(connections);
  cell.rps = Estimate{.estimate = rps};
  return cell;
}

CampaignResults KnownLaw() {
  const UniversalScalability law = {.lambda = 1000, .sigma = 0.02, .kappa = 0.0005};
  CampaignResults results;
  // Not in the order of the levels, and with another target in between.
  for (const uint32_t connections : {64U, 1U, 4U, 256U, 16U, 128U}) {
    results.cells.push_back(Closed("epoll", connections, law.ThroughputAt(connections)));
    if (connections > 1) results.cells.push_back(Closed("other", connections, 5));
  }
  return results;
}

TEST(ScalingTest, FitsTheLawToTheTargetsWithEnoughLevels) {
  const std::vector<Scaling> scalings = ScalingsOf(KnownLaw());
  ASSERT_EQ(scalings.size(), 1) << "the other target has five levels";
  EXPECT_EQ(scalings[0].target, "epoll");
  EXPECT_NEAR(scalings[0].law->lambda, 1000, 1e-6);
  EXPECT_NEAR(scalings[0].law->peak_level.value(), 44.27, 0.01);
  EXPECT_THAT(ScalingText(KnownLaw()),
              HasSubstr("scaling of epoll json: one connection 1,000/s, contention (sigma) 0.02, "
                        "coherency (kappa) 0.0005, peak of 15,681/s at 44 connections (universal"));
  const auto json = ScalingJson(KnownLaw());
  ASSERT_EQ(json.size(), 1);
  EXPECT_NEAR(json[0]["law"]["kappa"].get<double>(), 0.0005, 1e-9);
}

// No measurement supports a peak at more connections than were measured.
TEST(ScalingTest, APeakBeyondTheMeasuredLevelsIsMarked) {
  const UniversalScalability law = {.lambda = 1000, .sigma = 0.02, .kappa = 0.0005};
  CampaignResults results;
  for (const uint32_t connections : {1U, 2U, 4U, 8U, 16U, 32U}) {
    results.cells.push_back(Closed("epoll", connections, law.ThroughputAt(connections)));
  }
  EXPECT_THAT(ScalingText(results),
              HasSubstr("peak of 15,681/s at 44 connections (extrapolated) (universal"));
  EXPECT_EQ(ScalingJson(results)[0]["law"]["extrapolated"], true);
  EXPECT_EQ(ScalingJson(KnownLaw())[0]["law"]["extrapolated"], false);
}

TEST(ScalingTest, OpenLoopHasAKneeOfP99AndNoLaw) {
  CampaignResults results;
  const std::vector<double> p99 = {100, 101, 102, 104, 110, 900, 3000};
  for (size_t i = 0; i < p99.size(); ++i) {
    CellResult cell = Closed("epoll", 0, 1);
    cell.cell.set_mode("open");
    cell.cell.set_rate_per_s(10'000 * static_cast<double>(i + 1));
    cell.quantile_us[kP99] = Estimate{.estimate = p99[i]};
    results.cells.push_back(cell);
  }
  const std::vector<Scaling> scalings = ScalingsOf(results);
  ASSERT_EQ(scalings.size(), 1);
  EXPECT_FALSE(scalings[0].law.has_value());
  ASSERT_TRUE(scalings[0].knee.has_value());
  EXPECT_EQ(scalings[0].knee->rate_per_s(), 50'000);
  EXPECT_EQ(ScalingText(results), "scaling of epoll json: the curve bends at 50000/s\n");
  EXPECT_TRUE(ScalingJson(results)[0]["law"].is_null());
  // A level without the figure does not count.
  results.cells[0].quantile_us[kP99].reset();
  results.cells[1].quantile_us[kP99].reset();
  EXPECT_TRUE(ScalingsOf(results).empty());
}

TEST(ScalingTest, SaysWhyTheLawDoesNotFit) {
  CampaignResults results;
  for (const uint32_t connections : {1U, 2U, 4U, 8U, 16U, 32U}) {
    results.cells.push_back(Closed("stalled", connections, 0));
  }
  EXPECT_THAT(ScalingText(results), HasSubstr("must be positive"));
  EXPECT_TRUE(ScalingJson(results)[0]["law"].is_null());
  EXPECT_THAT(ScalingJson(results)[0]["why_not"], HasSubstr("must be positive"));
}

}  // namespace
}  // namespace assay::controller

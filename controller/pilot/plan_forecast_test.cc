#include "controller/pilot/plan_forecast.h"

#include <cmath>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "analysis/comparison.h"
#include "analysis/planned_precision.h"
#include "analysis/random_stream.h"
#include "controller/pilot/forecast_output.h"
#include "controller/pilot/pilot_plan.h"
#include "controller/plan/cells.h"
#include "controller/plan/plan_rules.h"
#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"

namespace assay::controller {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

Plan PlanOf(const std::string& text) {
  Plan plan;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &plan));
  EXPECT_TRUE(Validate(plan).ok()) << Validate(plan);
  return WithDefaults(plan);
}

// epoll against hyper, with a control, in windows of this many seconds.
Plan ComparingPlan(const std::string& connections, int blocks, double seconds = 1,
                   const std::string& more = "") {
  return PlanOf(absl::StrCat(
      "name: 'p' targets { name: 'epoll' } targets { name: 'hyper' } targets { name: 'epoll' "
      "label: "
      "'again' } workloads { name: 'json' path: '/json' } load { closed { connections: [",
      connections, "] duration { seconds: ", seconds, " } } } blocks: ", blocks, " ", more));
}

absl::Duration LengthOfAll(const Plan& plan) {
  return LengthOf(plan, static_cast<int>(CellsOf(plan).size() * plan.blocks())).total;
}

// --- The pilot ---

TEST(PilotPlanTest, HasTheTargetsAndLevelsOfThePlanAndTakesAMinute) {
  const Plan plan = ComparingPlan("250, 500, 750", 12, 3,
                                  "profile { frequency_hz: 499 separate_execution { seconds: 3 } } "
                                  "thresholds { metric: 'rps' min: 1 } pause { seconds: 20 }");
  const Plan pilot = PilotPlanOf(plan);
  EXPECT_THAT(FaultsOf(pilot), IsEmpty());
  EXPECT_EQ(pilot.targets_size(), 3);
  EXPECT_EQ(pilot.load().closed().connections_size(), 3);
  EXPECT_EQ(pilot.design(), Plan::INTERLEAVED);
  EXPECT_FALSE(pilot.has_profile());
  EXPECT_EQ(pilot.thresholds_size(), 0);
  EXPECT_GE(pilot.blocks(), kFewestPilotBlocks);
  EXPECT_LE(pilot.blocks(), kMostPilotBlocks);
  EXPECT_LE(LengthOfAll(pilot), absl::Seconds(60));
  EXPECT_GE(LengthOfAll(pilot), absl::Seconds(30));
}

TEST(PilotPlanTest, IsNoLongerThanThePlan) {
  const Plan plan = ComparingPlan("16", 6, 0.3);
  const Plan pilot = PilotPlanOf(plan);
  EXPECT_EQ(pilot.blocks(), 6);
  const PlannedComparison comparison = ComparisonsOf(plan, {}).front();
  EXPECT_EQ(LoadOfBlock(pilot, comparison.cell, 3), LoadOfBlock(plan, comparison.cell, 3));
}

// A state between starts needs starts, so blocks come before length.
TEST(PilotPlanTest, SpendsTheTimeOnBlocksBeforeWindows) {
  const Plan pilot = PilotPlanOf(ComparingPlan("16", 20, 60));
  EXPECT_EQ(pilot.blocks(), kMostPilotBlocks);
  EXPECT_LE(LengthOfAll(pilot), absl::Seconds(60));
  EXPECT_GE(LengthOfAll(pilot), absl::Seconds(45));
}

TEST(PilotPlanTest, ManyCellsGetTheFewestBlocksAndShortWindows) {
  const Plan pilot = PilotPlanOf(ComparingPlan("1, 2, 4, 8, 16, 32", 20, 10));
  EXPECT_EQ(pilot.blocks(), kFewestPilotBlocks);
  EXPECT_LE(LengthOfAll(pilot), absl::Seconds(60));
  // Four blocks of this many cells cannot be as short as a minute.
  const Plan huge = PilotPlanOf(ComparingPlan("1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12", 20, 10));
  EXPECT_EQ(huge.blocks(), kFewestPilotBlocks);
  EXPECT_GT(LengthOfAll(huge), absl::Seconds(60));
}

TEST(PilotPlanTest, KeepsTheDesignAndTheBoundOfTheWindows) {
  const Plan counted = PlanOf(
      "name: 'p' targets { name: 'epoll' } targets { name: 'hyper' } workloads { name: 'json' "
      "path: "
      "'/json' } load { closed { connections: 64 requests: 1000000 } } blocks: 10");
  const Plan pilot = PilotPlanOf(counted);
  EXPECT_EQ(pilot.design(), Plan::SEQUENTIAL);
  EXPECT_GT(pilot.load().closed().requests(), 0);
  EXPECT_LT(pilot.load().closed().requests(), 1'000'000);
  EXPECT_LE(LengthOfAll(pilot), absl::Seconds(60));
  const Plan open = PilotPlanOf(PlanOf(
      "name: 'p' targets { name: 'epoll' } targets { name: 'hyper' } workloads { name: 'json' "
      "path: '/json' } load { open { rate_per_s: 1000 duration { seconds: 30 } } } blocks: 10 "
      "design: SEQUENTIAL"));
  EXPECT_LT(open.load().open().duration().seconds(), 30);
  EXPECT_LE(LengthOfAll(open), absl::Seconds(60));
}

// --- The forecast ---

TEST(ComparisonsOfTest, LeavesOutControlsAndSkippedTargets) {
  const Plan plan = ComparingPlan("16, 64", 10);
  const std::vector<PlannedComparison> all = ComparisonsOf(plan, {});
  ASSERT_THAT(all, SizeIs(2));
  EXPECT_EQ(all[0].baseline, "epoll");
  EXPECT_EQ(all[0].candidate, "hyper");
  EXPECT_EQ(all[1].cell.connections(), 64);
  SkippedTarget skipped;
  skipped.set_target("hyper");
  EXPECT_THAT(ComparisonsOf(plan, {skipped}), IsEmpty());
  EXPECT_EQ(TargetsServing(plan, {skipped}, "json"), 2);
}

// The same spread at every level.
std::vector<MeasuredSpread> SpreadsOf(const Plan& plan, const BlockSpread& spread,
                                      double length = 1) {
  std::vector<MeasuredSpread> spreads;
  for (const PlannedComparison& comparison : ComparisonsOf(plan, {}))
    spreads.push_back({.comparison = comparison, .spread = spread, .length = length});
  return spreads;
}

BlockSpread Spread(double percent, double deviation) {
  return {
      .blocks = 8, .log_ratio = std::log1p(percent / 100), .deviation = deviation, .degrees = 7};
}

PlanForecast Forecast(const Plan& plan, const BlockSpread& spread, double length = 1) {
  return ForecastOf(plan, 3, SpreadsOf(plan, spread, length));
}

TEST(PlanForecastTest, NoiseThatHidesTheDifferenceIsRefusedWithTheBlocksThatDecide) {
  const PlanForecast forecast = Forecast(ComparingPlan("64", 6), Spread(3, 0.1));
  EXPECT_FALSE(forecast.decidable());
  ASSERT_TRUE(forecast.blocks_to_set.has_value());
  // (2.80 * 0.1 / (ln 1.03 - ln 1.01))^2 * pi / 3, and a little more for Student's t. An equivalence needs 280.
  EXPECT_NEAR(*forecast.blocks_to_set, 216, 4);
  const std::string refusal = absl::StrJoin(RefusalOf(forecast), "\n");
  EXPECT_THAT(refusal, HasSubstr("hyper against epoll, json, 64 connections: the interval of 6"));
  EXPECT_THAT(refusal, HasSubstr("a difference of +3.0 %, as measured, or an equivalence"));
  EXPECT_THAT(refusal, HasSubstr(absl::StrCat("--set blocks=", *forecast.blocks_to_set)));
}

// A verdict is possible whatever the noise would hide.
TEST(PlanForecastTest, LargeDifferenceAndQuietMachineAreNotRefused) {
  const Plan plan = ComparingPlan("64", 8);
  const PlanForecast large = Forecast(plan, Spread(60, 0.1));
  EXPECT_TRUE(large.decidable());
  EXPECT_THAT(RefusalOf(large), IsEmpty());
  EXPECT_GT(large.comparisons[0].equivalence.estimate.value_or(UINT32_MAX), 8);
  EXPECT_TRUE(Forecast(plan, Spread(0.2, 0.008)).decidable());
}

// Only the low bound of the standard deviation refuses: with this one, 8 blocks might just suffice.
TEST(PlanForecastTest, NoiseThatIsNotCertainIsNoReasonToRefuse) {
  const PlanForecast forecast = Forecast(ComparingPlan("64", 8), Spread(0, 0.017));
  EXPECT_GT(forecast.comparisons[0].equivalence.estimate.value(), 8);
  EXPECT_LE(forecast.comparisons[0].equivalence.low.value(), 8);
  EXPECT_TRUE(forecast.decidable());
  EXPECT_FALSE(Forecast(ComparingPlan("64", 8), Spread(0, 0.04)).decidable());
}

TEST(PlanForecastTest, ThreeLevelsShareTheConfidenceAndSixBlocksHaveNoInterval) {
  const PlanForecast forecast = Forecast(ComparingPlan("16, 64, 250", 6), Spread(60, 0.01));
  EXPECT_EQ(forecast.rules.family, 3);
  ASSERT_THAT(forecast.comparisons, SizeIs(3));
  EXPECT_EQ(forecast.comparisons[0].half_width, std::nullopt);
  EXPECT_EQ(forecast.blocks_to_set, 7);
  EXPECT_THAT(RefusalOf(forecast)[1],
              HasSubstr("6 blocks have no interval that is valid for 3 comparisons"));
}

TEST(PlanForecastTest, LongerStartsAreAdvisedWherePairsWithinThemVaryMost) {
  BlockSpread spread = Spread(0, 0.05);
  spread.within_variance = 0.0024;
  const Plan plan = ComparingPlan("64", 10);
  const PlanForecast forecast = Forecast(plan, spread);
  ASSERT_FALSE(forecast.decidable());
  ASSERT_TRUE(forecast.seconds_to_set.has_value());
  EXPECT_THAT(RefusalOf(forecast).back(),
              HasSubstr(absl::StrCat("or --set interleave.seconds=", *forecast.seconds_to_set)));
  // The plan with that setting is not refused.
  Plan longer = plan;
  longer.mutable_interleave()->set_seconds(*forecast.seconds_to_set);
  const Cell cell = ComparisonsOf(plan, {}).front().cell;
  EXPECT_TRUE(Forecast(longer, spread, LoadOfBlock(longer, cell, 3) / LoadOfBlock(plan, cell, 3))
                  .decidable());
  // What differs from start to start averages out only over starts.
  spread.within_variance = 0.0001;
  EXPECT_EQ(Forecast(plan, spread).seconds_to_set, std::nullopt);
}

double Gaussian(RandomStream* random) {
  return std::sqrt(-2 * std::log1p(-random->NextDouble())) *
         std::cos(2 * M_PI * random->NextDouble());
}

// The advice must give a verdict as often as stated, for all three levels.
TEST(PlanForecastTest, TheBlocksThatAreAdvisedDecideSimulatedCampaigns) {
  for (const double percent : {0.0, 4.0}) {
    const Plan plan = ComparingPlan("16, 64, 250", 7);
    const PlanForecast forecast = Forecast(plan, Spread(percent, 0.04));
    ASSERT_FALSE(forecast.decidable());
    ASSERT_TRUE(forecast.blocks_to_set.has_value());
    RandomStream random(3);
    int decided = 0;
    constexpr int kCampaigns = 500;
    for (int campaign = 0; campaign < kCampaigns; ++campaign) {
      std::vector<BlockPair> blocks;
      for (uint32_t i = 0; i < *forecast.blocks_to_set; ++i)
        blocks.push_back({1, std::exp(std::log1p(percent / 100) + 0.04 * Gaussian(&random))});
      decided += ComparePaired(blocks, forecast.rules)->verdict == Verdict::kInconclusive ? 0 : 1;
    }
    EXPECT_GE(static_cast<double>(decided) / kCampaigns, 0.75)
        << *forecast.blocks_to_set << " blocks at " << percent << " %";
  }
}

// `check` then says nothing of it, and refuses --pilot with the reason.
TEST(PlanForecastTest, PlansWithoutAVerdictOfWindowsHaveNoForecast) {
  EXPECT_EQ(WhyNoForecast(ComparingPlan("64", 6), {}), std::nullopt);
  EXPECT_THAT(WhyNoForecast(ComparingPlan("64", 6, 1, "verdict: NONE"), {}).value_or(""),
              HasSubstr("verdict: NONE"));
  const std::string work = "name: 'p' workloads { name: 'json' path: '/json' } ";
  const std::string two = "targets { name: 'epoll' } targets { name: 'hyper' } ";
  const std::string closed = "load { closed { connections: 64 duration { seconds: 1 } } } ";
  const std::string find =
      "load { find { metric: 'p99_us' max: 5000 connections: 64 duration { seconds: 4 } } } ";
  EXPECT_THAT(WhyNoForecast(PlanOf(absl::StrCat(work, two, find)), {}).value_or(""),
              HasSubstr("capacity"));
  const std::string control = "targets { name: 'epoll' } targets { name: 'epoll' label: 'b' } ";
  EXPECT_THAT(WhyNoForecast(PlanOf(absl::StrCat(work, control, closed)), {}).value_or(""),
              HasSubstr("no two different targets"));
  const std::string urls =
      "targets { url: 'http://127.0.0.1:1' label: 'a' } targets { url: 'http://127.0.0.1:2' label: "
      "'b' } design: SEQUENTIAL ";
  EXPECT_THAT(WhyNoForecast(PlanOf(absl::StrCat(work, urls, closed)), {}).value_or(""),
              HasSubstr("by URL"));
}

TEST(PlanForecastTest, UnknownComparisonIsSaidAndNotRefused) {
  const Plan plan = ComparingPlan("64", 6);
  std::vector<MeasuredSpread> spreads = SpreadsOf(plan, Spread(0, 1));
  spreads[0].spread.reset();
  spreads[0].missing = "hyper json 64 connections was not measured";
  const PlanForecast forecast = ForecastOf(plan, 3, spreads);
  EXPECT_TRUE(forecast.decidable());
  EXPECT_THAT(ToText(forecast), HasSubstr("not known, because hyper json 64 connections was not"));
}

// --- Its words ---

TEST(ForecastOutputTest, SaysWhereItHasItFromAndHowSureItIs) {
  const Plan plan = ComparingPlan("64", 8);
  std::vector<MeasuredSpread> spreads = SpreadsOf(plan, Spread(31, 0.012));
  spreads[0].campaign = "0123456789ab";
  spreads[0].started_us = int64_t{1'764'460'800} * 1'000'000;
  const std::string text = ToText(ForecastOf(plan, 3, spreads));
  EXPECT_THAT(text, HasSubstr("hyper against epoll, json, 64 connections: +31 % in campaign "
                              "0123456789ab of 2025-11-30 with 8 blocks"));
  EXPECT_THAT(text, HasSubstr("interval expected of 8 blocks: +-"));
  EXPECT_THAT(text, HasSubstr("to show a difference as large as that: 6 blocks [6, 6]"));
  EXPECT_THAT(text, HasSubstr("that 8 blocks allow, 0.76 to 1.6 times the measured one"));
  spreads[0].campaign.clear();
  spreads[0].spread->log_ratio = 0.002;
  const std::string pilot = ToText(ForecastOf(plan, 3, spreads));
  EXPECT_THAT(pilot, HasSubstr("+0.2 % in a pilot of 8 blocks"));
  EXPECT_THAT(pilot, Not(HasSubstr("as large as that")));
}

TEST(ForecastOutputTest, InvalidGatesOfThePilotAreNamed) {
  const Plan plan = ComparingPlan("64", 8);
  std::vector<MeasuredSpread> spreads = SpreadsOf(plan, Spread(31, 0.012));
  spreads[0].invalid_gates = {"wrong_responses"};
  EXPECT_THAT(ToText(ForecastOf(plan, 3, spreads)),
              HasSubstr("the pilot is not sound: wrong_responses is invalid"));
}

TEST(ForecastOutputTest, JsonHasEveryFigure) {
  const nlohmann::ordered_json json = ToJson(Forecast(ComparingPlan("64", 8), Spread(60, 0.2)));
  ASSERT_EQ(json.size(), 1);
  EXPECT_EQ(json[0]["candidate"], "hyper");
  EXPECT_EQ(json[0]["level"]["connections"], 64);
  EXPECT_NEAR(json[0]["measured_ratio"], 1.6, 1e-9);
  EXPECT_NEAR(json[0]["block_sd"]["estimate"], 0.2, 1e-12);
  EXPECT_LT(json[0]["half_width"]["low"], json[0]["half_width"]["estimate"]);
  EXPECT_EQ(json[0]["blocks_as_measured"]["low"], 6);
  EXPECT_TRUE(json[0]["blocks_for_zone"]["estimate"].is_null());
  EXPECT_TRUE(json[0]["campaign"].is_null());
}

}  // namespace
}  // namespace assay::controller

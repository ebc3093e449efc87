#include "controller/plan/cells.h"

#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"

namespace assay::controller {
namespace {

using ::testing::ElementsAre;

Plan TwoByTwo() {
  Plan plan;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(
      R"(targets { name: "a" label: "a" } targets { name: "a" label: "a2" }
         workloads { name: "w" }
         load { closed { connections: [1, 64] duration { seconds: 0.4 } } warmup { seconds: 0.1 } }
         blocks: 6 seed: 7 pause { seconds: 2 })",
      &plan));
  return plan;
}

std::vector<std::string> Texts(const std::vector<Cell>& cells) {
  std::vector<std::string> texts;
  for (const Cell& cell : cells) texts.push_back(CellText(cell));
  return texts;
}

// The order of the cells in one block, as indices.
std::vector<int> Order(const std::vector<ScheduledExecution>& schedule, uint32_t block) {
  std::vector<int> order;
  for (const ScheduledExecution& one : schedule) {
    if (one.block == block) order.push_back(one.cell_index);
  }
  return order;
}

TEST(CellsTest, CombinesTargetsWorkloadsAndLevelsInTheOrderOfThePlan) {
  EXPECT_THAT(Texts(CellsOf(TwoByTwo())), ElementsAre("a w 1 connection", "a w 64 connections",
                                                      "a2 w 1 connection", "a2 w 64 connections"));
}

// These texts are the keys of results. Two rates with the same text would share one cell.
TEST(CellsTest, DifferentRatesHaveDifferentTexts) {
  Plan plan = TwoByTwo();
  plan.mutable_targets()->RemoveLast();
  LoadCurve& curve = *plan.mutable_load()->mutable_curve();
  for (const double rate : {1234.5671, 1234.5672, 0.5, 1234567.0, 1e6}) curve.add_rates_per_s(rate);
  EXPECT_THAT(Texts(CellsOf(plan)), ElementsAre("a w 1234.5671/s", "a w 1234.5672/s", "a w 0.5/s",
                                                "a w 1234567/s", "a w 1000000/s"));
}

TEST(CellsTest, AProfileMarksTheCellsOrAddsSeparateExecutions) {
  Plan plan = TwoByTwo();
  plan.mutable_targets(1)->set_url("http://127.0.0.1:80");
  plan.mutable_profile()->set_frequency_hz(99);
  // A server that no agent starts cannot be profiled.
  EXPECT_THAT(Texts(CellsOf(plan)),
              ElementsAre("a w 1 connection profiled", "a w 64 connections profiled",
                          "a2 w 1 connection", "a2 w 64 connections"));
  for (const Cell& cell : CellsOf(plan))
    EXPECT_FALSE(IsSeparateExecution(plan, cell)) << CellText(cell);
  plan.mutable_profile()->mutable_separate_execution()->set_seconds(30);
  const std::vector<Cell> cells = CellsOf(plan);
  EXPECT_THAT(Texts(cells),
              ElementsAre("a w 1 connection", "a w 64 connections", "a w 64 connections profiled",
                          "a2 w 1 connection", "a2 w 64 connections"));
  EXPECT_FALSE(IsSeparateExecution(plan, cells[1]));
  EXPECT_TRUE(IsSeparateExecution(plan, cells[2]));
  EXPECT_EQ(BoundOfCell(plan, cells[1]).duration, absl::Seconds(0.4));
  EXPECT_EQ(BoundOfCell(plan, cells[2]).duration, absl::Seconds(30));
  EXPECT_EQ(LengthOf(plan, 5).measuring, absl::Seconds(4 * 0.5 + 30.1));
}

TEST(ScheduleTest, EveryBlockContainsEveryCellOnce) {
  const std::vector<ScheduledExecution> schedule = ScheduleOf(TwoByTwo());
  ASSERT_EQ(schedule.size(), 24);
  for (uint32_t block = 0; block < 6; ++block) {
    const std::vector<int> order = Order(schedule, block);
    EXPECT_EQ(std::set<int>(order.begin(), order.end()), (std::set<int>{0, 1, 2, 3}));
  }
  for (size_t i = 0; i < schedule.size(); ++i) {
    EXPECT_EQ(schedule[i].block, i / 4);
    EXPECT_EQ(schedule[i].position, i % 4);
    EXPECT_EQ(CellText(schedule[i].cell), Texts(CellsOf(TwoByTwo()))[schedule[i].cell_index]);
  }
}

// If every block had the same order, a drift of the host could favour one target.
TEST(ScheduleTest, TheOrderDependsOnTheBlockAndOnTheSeed) {
  Plan plan = TwoByTwo();
  std::set<std::vector<int>> orders;
  for (uint32_t block = 0; block < 6; ++block) orders.insert(Order(ScheduleOf(plan), block));
  EXPECT_GT(orders.size(), 1);
  EXPECT_EQ(Order(ScheduleOf(plan), 3), Order(ScheduleOf(plan), 3));
  std::set<std::vector<int>> firsts;
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    plan.set_seed(seed);
    firsts.insert(Order(ScheduleOf(plan), 0));
  }
  EXPECT_GT(firsts.size(), 1);
}

TEST(LengthTest, AddsWindowsOverheadAndPauses) {
  ExecutionCosts costs;
  costs.around = absl::Seconds(1);
  const CampaignLength length = LengthOf(TwoByTwo(), 24, costs);
  EXPECT_EQ(length.measuring, absl::Seconds(24 * 0.5));
  EXPECT_EQ(length.total, absl::Seconds(24 * 0.5 + 24 * 1 + 23 * 2));
  EXPECT_FALSE(length.guessed);
}

// The two targets of a workload and level are measured together.
TEST(LengthTest, HasOnePauseBetweenExecutionsThatAreMadeTogether) {
  Plan plan = TwoByTwo();
  plan.set_design(Plan::INTERLEAVED);
  ExecutionCosts costs;
  costs.around = absl::ZeroDuration();
  const CampaignLength length = LengthOf(plan, 24, costs);
  EXPECT_EQ(length.total - length.measuring, absl::Seconds(11 * 2));
}

TEST(LengthTest, GuessesTheDurationOfAWindowOfRequests) {
  Plan plan = TwoByTwo();
  plan.mutable_load()->mutable_closed()->set_requests(10'000);
  plan.mutable_load()->mutable_warmup()->set_seconds(0);
  ExecutionCosts costs;
  costs.requests_per_s = 5'000;
  const CampaignLength length = LengthOf(plan, 1, costs);
  EXPECT_EQ(length.measuring, absl::Seconds(2));
  EXPECT_TRUE(length.guessed);
}

TEST(LengthTest, NoExecutionsTakeNoTime) {
  EXPECT_EQ(LengthOf(TwoByTwo(), 0).total, absl::ZeroDuration());
}

}  // namespace
}  // namespace assay::controller

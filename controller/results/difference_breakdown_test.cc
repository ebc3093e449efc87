#include "controller/results/difference_breakdown.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "analysis/profile/test_profile.h"
#include "controller/results/text_table.h"
#include "nlohmann/json.hpp"

namespace assay::controller {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

CategoryRules Rules() {
  return CategoryRules::Create(
             {{.name = "sendto", .functions = {"send"}, .category = Category::kSend}},
             {{.category = Category::kParse, .functions = {"parse*"}}})
      .value();
}

// A cell without runs.
CellProfiles CellOf(const std::string& target) {
  CellProfiles cell{.baseline = "a", .campaign_id = "0123456789ab"};
  cell.cell.set_target(target);
  cell.cell.set_workload("json");
  cell.cell.set_mode("closed");
  cell.cell.set_connections(64);
  return cell;
}

// Adds the run of the next block.
ProfiledRun& AddRun(const std::vector<FoldedStack>& stacks, CellProfiles* cell) {
  const auto block = static_cast<uint32_t>(cell->runs.size());
  ProfiledRun& run = cell->runs.emplace_back();
  run.block = block;
  run.info.set_event("cpu-clock");
  run.info.set_requests(1000);
  run.info.set_kernel_frames(true);
  run.stacks = ProfileOf(stacks);
  run.tree.Add(run.stacks, StackTime::kOnCpu);
  return run;
}

// In each block, b spends 30 us more on sending, 10 less on parsing, and about 20 more on its own functions.
class DifferenceBreakdownTest : public ::testing::Test {
 protected:
  explicit DifferenceBreakdownTest(uint64_t blocks = 6) : a_(CellOf("a")), b_(CellOf("b")) {
    for (uint64_t block = 0; block < blocks; ++block) {
      AddRun({{"main;parse_head", 30 + block % 3}, {"main;[c]send", 20}, {"main;run", 50}}, &a_);
      AddRun({{"main;parse_head", 20}, {"main;[c]send", 50 + block % 2}, {"main;poll", 70 + block}},
             &b_);
    }
  }

  DifferenceBreakdown Broken() const {
    absl::StatusOr<DifferenceBreakdown> breakdown = BreakDown(a_, b_, Rules());
    EXPECT_TRUE(breakdown.ok()) << breakdown.status();
    return *std::move(breakdown);
  }
  std::string Sentence() const { return BreakdownSentence({&a_, &b_}, Broken()); }

  CellProfiles a_;
  CellProfiles b_;
};

TEST_F(DifferenceBreakdownTest, SentenceNamesTheLargestSignificantCategories) {
  EXPECT_THAT(Sentence(),
              AllOf(HasSubstr("b against a: json, 64 connections: +42.00 us ["),
                    HasSubstr("] of server CPU per request: +30.50 send, +22.50 b's own "
                              "functions, -11.00 parse")));
  // Nothing is left.
  EXPECT_THAT(Sentence(), Not(HasSubstr("all else")));
}

TEST_F(DifferenceBreakdownTest, EqualServersDifferByNoCategory) {
  CellProfiles same = a_;
  same.cell.set_target("c");
  EXPECT_THAT(BreakdownSentence({&a_, &same}, BreakDown(a_, same, Rules()).value()),
              HasSubstr("0.00 us [0.00, 0.00] of server CPU per request: no category's part can "
                        "be told from chance"));
}

// Otherwise the whole would not be the difference that the tables of results show.
TEST_F(DifferenceBreakdownTest, TheWholeIsTheExecutionsCpuTime) {
  for (ProfiledRun& run : a_.runs) run.server_cpu_us_per_request = 10;
  for (ProfiledRun& run : b_.runs) run.server_cpu_us_per_request = 14;
  EXPECT_NEAR(Broken().whole.us_per_request.estimate, 4, 1e-9);
  // If one execution lacks the figure, all use the sampled time, so that like is compared with like.
  b_.runs[2].server_cpu_us_per_request.reset();
  EXPECT_NEAR(Broken().whole.us_per_request.estimate, 42, 1e-9);
  b_.runs[2].info.set_requests(0);
  EXPECT_TRUE(absl::IsFailedPrecondition(BreakDown(a_, b_, Rules()).status()));
}

TEST_F(DifferenceBreakdownTest, WithoutTheKernelTheWholeIsTimeInUserSpace) {
  for (CellProfiles* cell : {&a_, &b_}) {
    for (ProfiledRun& run : cell->runs) {
      run.server_cpu_us_per_request = 500;
      run.info.set_kernel_frames(false);
    }
  }
  EXPECT_THAT(Sentence(), HasSubstr("+42.00 us ["));
  EXPECT_THAT(Sentence(), HasSubstr("of server CPU in user space per request"));
  for (ProfiledRun& run : b_.runs) run.info.set_kernel_frames(true);
  EXPECT_TRUE(absl::IsInvalidArgument(BreakDown(a_, b_, Rules()).status()));
}

TEST_F(DifferenceBreakdownTest, StartsOfTwoCampaignsAreNotPairs) {
  EXPECT_TRUE(Broken().paired);
  EXPECT_THAT(BreakdownText({&a_, &b_}, Broken()), HasSubstr("means over 6 blocks; intervals by"));
  b_.campaign_id = "ba9876543210";
  EXPECT_FALSE(Broken().paired);
  EXPECT_THAT(BreakdownText({&a_, &b_}, Broken()),
              HasSubstr("6 starts of a and 6 of b, not in pairs; intervals by Welch's t"));
}

TEST_F(DifferenceBreakdownTest, TextFitsATerminal) {
  a_.cell.set_target("a-target-with-a-very-long-name-indeed");
  for (ProfiledRun& run : b_.runs) {
    run.stacks = ProfileOf({{"main;<hyper::proto::h1::dispatch::Dispatcher<D,Bs,I,T> as "
                             "core::future::future::Future>::poll::with_a_longer_name",
                             90},
                            {"main;[l][unknown]", 30}});
    run.tree = FunctionTree();
    run.tree.Add(run.stacks, StackTime::kOnCpu);
  }
  const std::string text = BreakdownText({&a_, &b_}, Broken());
  const std::string table = text.substr(text.find("us of server CPU"));
  EXPECT_LE(WidestLine(table.substr(0, table.find("means over"))), kTextColumns) << text;
  EXPECT_THAT(text, AllOf(HasSubstr("95 % interval"), HasSubstr("significant"), HasSubstr("yes"),
                          HasSubstr("bounds of the true difference"), HasSubstr("<= +")));
}

TEST_F(DifferenceBreakdownTest, JsonHasARowForEachCategoryAndFunction) {
  const auto rows = BreakdownJson({a_, b_}, Rules());
  // The whole, and three categories with one or two functions each.
  ASSERT_EQ(rows.size(), 1u + 2 + 3 + 2);
  EXPECT_TRUE(rows[0]["category"].is_null());
  EXPECT_EQ(rows[0]["baseline"], "a");
  EXPECT_EQ(rows[0]["candidate"], "b");
  EXPECT_EQ(rows[0]["workload"], "json");
  EXPECT_EQ(rows[0]["level"]["connections"], 64);
  EXPECT_EQ(rows[1]["category"], "send");
  EXPECT_TRUE(rows[1]["function"].is_null());
  EXPECT_EQ(rows[2]["function"], "send");
  EXPECT_EQ(rows[1]["significant"], true);
  EXPECT_EQ(rows[1]["bound"], "exact");
  double categories = 0;
  double functions = 0;
  for (const auto& row : rows) {
    const double us = row["us_per_request"]["estimate"].get<double>();
    EXPECT_LE(row["us_per_request"]["low"].get<double>(), us);
    EXPECT_GE(row["us_per_request"]["high"].get<double>(), us);
    if (row["category"].is_null()) continue;
    (row["function"].is_null() ? categories : functions) += us;
  }
  EXPECT_NEAR(categories, rows[0]["us_per_request"]["estimate"].get<double>(), 1e-9);
  EXPECT_NEAR(functions, categories, 1e-9);
}

TEST_F(DifferenceBreakdownTest, ReportsAPairThatCannotBeBrokenDown) {
  for (ProfiledRun& run : b_.runs) run.info.set_event("cycles");
  EXPECT_EQ(BreakdownTexts({a_, b_}, Rules()),
            "b against a: json, 64 connections: profiles of different events cannot be compared: "
            "cpu-clock and cycles\n");
  EXPECT_TRUE(BreakdownJson({a_, b_}, Rules()).empty());
  EXPECT_EQ(BreakdownTexts({a_}, Rules()), "");
}

class OneStartTest : public DifferenceBreakdownTest {
 protected:
  OneStartTest() : DifferenceBreakdownTest(1) {}
};

TEST_F(OneStartTest, HasNoIntervals) {
  EXPECT_THAT(Sentence(), HasSubstr(": +40.00 us of server CPU per request: +30.00 send, +20.00 "
                                    "b's own functions, -10.00 parse"));
  const std::string text = BreakdownText({&a_, &b_}, Broken());
  EXPECT_THAT(text, AllOf(HasSubstr("Intervals need two of each"), Not(HasSubstr("95 %")),
                          Not(HasSubstr("yes"))));
  EXPECT_TRUE(BreakdownJson({a_, b_}, Rules())[1]["us_per_request"]["low"].is_null());
}

}  // namespace
}  // namespace assay::controller

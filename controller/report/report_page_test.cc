#include "controller/report/report_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "analysis/profile/test_profile.h"
#include "controller/plan/cells.h"
#include "controller/plan/plan_rules.h"
#include "controller/report/profile_section.h"
#include "controller/verdict/campaign_verdict.h"
#include "google/protobuf/text_format.h"

namespace assay::controller {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

// A campaign of two targets at two levels whose cells have one figure each.
CampaignResults Results(const std::string& profile) {
  CampaignResults results;
  Plan plan;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(
      "name: 'p' targets { name: 'a' } targets { name: 'b' } workloads { name: 'json' } "
      "load { closed { connections: [16, 64] duration { seconds: 1 } } } blocks: 6 "
      "thresholds { metric: 'rps' min: 2000 } " +
          profile,
      &plan));
  *results.campaign.mutable_plan() = WithDefaults(plan);
  for (Cell& cell : CellsOf(results.campaign.plan())) {
    CellResult result;
    result.cell = cell;
    result.executions.emplace_back().rps = 1000;
    result.rps = Estimate{.estimate = 1000};
    results.cells.push_back(result);
  }
  return results;
}

// Profiles of the cells that have one.
std::vector<CellProfiles> Profiles(const CampaignResults& results) {
  std::vector<CellProfiles> profiles;
  for (const CellResult& result : results.cells) {
    if (!result.cell.profiled()) continue;
    CellProfiles& cell = profiles.emplace_back();
    cell.cell = result.cell;
    cell.baseline = results.campaign.plan().baseline();
    ProfiledRun& run = cell.runs.emplace_back();
    run.info.set_event("cpu-clock");
    run.info.set_requests(1000);
    run.stacks = ProfileOf({{"_start;main;work", 70}, {"_start;main;[c]recv", 30}});
    run.tree.Add(run.stacks, StackTime::kOnCpu);
  }
  return profiles;
}

std::string Page(const CampaignResults& results) {
  return ReportPage(results, Profiles(results), *LoadCategoryRules());
}

constexpr char kEverywhere[] = "profile { frequency_hz: 99 }";
constexpr char kApart[] = "profile { frequency_hz: 99 separate_execution { seconds: 3 } }";

// If every execution is profiled, there are no other cells.
TEST(ReportPageTest, UsesProfiledCellsIfThereAreNoOthers) {
  const CampaignResults everywhere = Results(kEverywhere);
  EXPECT_THAT(Page(everywhere), HasSubstr("Throughput, json"));
  EXPECT_EQ(JudgeThresholds(everywhere).size(), 4u);
  EXPECT_EQ(JudgeThresholds(Results(kApart)).size(), 4u);
}

TEST(ReportPageTest, ComparesOnlyEqualLevels) {
  const std::string page = Page(Results(kEverywhere));
  EXPECT_THAT(page, AllOf(HasSubstr("b against a: json, 16 connections, whole stacks"),
                          HasSubstr("b against a: json, 64 connections, whole stacks"),
                          Not(HasSubstr("a against a"))));
}

TEST(ReportPageTest, ATableHasNoColumnThatSaysNothing) {
  CampaignResults results = Results(kEverywhere);
  EXPECT_THAT(Page(results), Not(HasSubstr("<th>workload</th>")));
  results.cells[0].cell.set_workload("other");
  EXPECT_THAT(Page(results), HasSubstr("<th>workload</th>"));
}

TEST(ReportPageTest, DoesNotCallWindowsOfARunningServerStarts) {
  CampaignResults results = Results("");
  results.finished_blocks = 6;
  EXPECT_THAT(ReportPage(results, {}, *LoadCategoryRules()), HasSubstr("6 fresh starts"));
  for (CellResult& cell : results.cells) cell.fresh_starts = false;
  EXPECT_THAT(
      ReportPage(results, {}, *LoadCategoryRules()),
      AllOf(HasSubstr("1 window of one running server, b"), Not(HasSubstr("fresh starts"))));
}

TEST(ReportPageTest, ReportsARefusalInsteadOfADifference) {
  const CampaignResults results = Results(kApart);
  std::vector<CellProfiles> profiles = Profiles(results);
  profiles[1].runs.clear();
  profiles[1].refused = "seccomp <filter>";
  const std::string page = ReportPage(results, profiles, *LoadCategoryRules());
  EXPECT_THAT(page, HasSubstr("b against a: json, 64 connections: no profile of b: "
                              "seccomp &lt;filter&gt;"));
}

// The answer comes before everything else.
TEST(ReportPageTest, BeginsWithTheVerdictItsGatesAndADrawing) {
  CampaignResults results = Results("");
  GateResult& gate = results.cells[0].gates.emplace_back();
  gate.set_name("idle_gaps");
  gate.set_verdict(GateResult::WARN);
  CampaignVerdict verdict;
  verdict.campaigns = {"0123456789ab"};
  Comparison& one = verdict.comparisons.emplace_back();
  one.baseline = "a";
  one.candidate = "<b>";
  one.cell = results.cells[2].cell;
  one.metric = FindMetric("rps");
  one.primary = true;
  one.ratio =
      RatioComparison{.ratio = {0.88, 0.86, 0.9}, .verdict = Verdict::kSlower, .blocks = 10};
  const std::string page = ReportPage(results, {}, *LoadCategoryRules(), &verdict);
  EXPECT_THAT(page, HasSubstr("<p class=\"answer\">&lt;b&gt; serves 12 % [10, 14] fewer requests a "
                              "second than a at 16 connections (slower).</p>"));
  EXPECT_THAT(page, HasSubstr("<span class=\"badge warn\">idle_gaps: warn</span>"));
  EXPECT_THAT(page, AllOf(HasSubstr("<figure class=\"forest\">"), HasSubstr("class=\"zone\""),
                          HasSubstr("class=\"floor\""), HasSubstr("class=\"interval\"")));
  EXPECT_THAT(
      page, AllOf(HasSubstr(">-10 %</text>"), HasSubstr(">-5 %</text>"), HasSubstr(">0 %</text>")));
  EXPECT_LT(page.find("<h2>Verdict</h2>"), page.find("<h2>Results</h2>"));
  EXPECT_THAT(page, Not(HasSubstr("<b>")));
  EXPECT_THAT(Page(results), Not(HasSubstr("<h2>Verdict</h2>")));
}

}  // namespace
}  // namespace assay::controller

#include "controller/results/profile_results.h"

#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "analysis/profile/test_profile.h"
#include "controller/export/profile_export.h"
#include "controller/plan/cells.h"
#include "controller/plan/plan_rules.h"
#include "controller/report/profile_section.h"
#include "controller/results/profile_json.h"
#include "controller/results/profile_pairs.h"
#include "google/protobuf/text_format.h"
#include "nlohmann/json.hpp"
#include "proto/convert/stack_profile_proto.h"

namespace assay::controller {
namespace {

// A campaign whose targets a and b were profiled in separate executions.
class ProfileResultsTest : public ::testing::Test {
 protected:
  ProfileResultsTest()
      : store_(*Store::Open(
            absl::StrCat(::testing::TempDir(), "/",
                         ::testing::UnitTest::GetInstance()->current_test_info()->name(), ".db"),
            Store::Mode::kWrite)) {
    EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(
        "name: 'p' targets { name: 'a' } targets { name: 'b' } workloads { name: 'json' } "
        "load { closed { connections: 64 duration { seconds: 1 } } } blocks: 6 "
        "profile { frequency_hz: 199 separate_execution { seconds: 3 } }",
        campaign_.mutable_plan()));
    *campaign_.mutable_plan() = WithDefaults(campaign_.plan());
    campaign_.set_id("0123456789ab");
    campaign_.set_status(CampaignRecord::COMPLETE);
    EXPECT_TRUE(store_->CreateCampaign(campaign_).ok());
  }

  void Add(const Cell& cell, uint32_t block, const std::vector<FoldedStack>& stacks,
           const std::string& refused = "") {
    ExecutionRecord execution;
    execution.set_campaign_id(campaign_.id());
    execution.set_id(absl::StrCat(CellText(cell), block));
    execution.set_block(block);
    execution.set_status(ExecutionRecord::MEASURED);
    *execution.mutable_cell() = cell;
    ProfileInfo& info = *execution.mutable_server()->mutable_profile();
    std::vector<ProfileChunk> chunks;
    if (refused.empty()) {
      const StackProfile profile = ProfileOf(stacks);
      info.set_event("cpu-clock");
      info.set_frequency_hz(199);
      info.set_end_ns(3'000'000'000);
      info.set_samples(profile.total(StackTime::kOnCpu).samples);
      info.set_whole(info.samples());
      info.set_requests(1000);
      info.set_kernel_frames(true);
      chunks = ToProto(profile, 10);
    } else {
      info.set_refused(refused);
      info.set_remedy("run as root");
    }
    const absl::Status committed = store_->CommitExecution(execution, {}, {}, chunks);
    EXPECT_TRUE(committed.ok()) << committed;
  }

  // a spends 30 of 100 ms in recv, b 60 of 130 ms, in all six runs.
  void AddBoth() {
    for (const Cell& cell : CellsOf(campaign_.plan())) {
      if (!cell.profiled()) continue;
      for (uint32_t block = 0; block < 6; ++block) {
        const uint64_t receiving = cell.target() == "a" ? 30 : 60;
        Add(cell, block,
            {{"_start;main;work", 70},
             {"_start;main;[c]recv;[k]__x64_sys_recvfrom", receiving + block % 2}});
      }
    }
  }

  std::vector<CellProfiles> Read() {
    absl::StatusOr<std::vector<CellProfiles>> cells = ReadProfiles(*store_, campaign_);
    EXPECT_TRUE(cells.ok()) << cells.status();
    return *std::move(cells);
  }

  std::unique_ptr<Store> store_;
  CampaignRecord campaign_;
};

TEST_F(ProfileResultsTest, GroupsRunsByCell) {
  AddBoth();
  const std::vector<CellProfiles> cells = Read();
  ASSERT_EQ(cells.size(), 2);
  EXPECT_EQ(cells[0].cell.target(), "a");
  ASSERT_EQ(cells[0].runs.size(), 6);
  EXPECT_EQ(cells[0].requests(), 6000);
  EXPECT_EQ(cells[0].samples(), 6 * 100 + 3);
  EXPECT_EQ(
      cells[0].HowTaken(),
      "cpu-clock at 199 Hz, 6 runs of 3 s, 603 samples, 0 lost, throttled 0 times, 100.0 % of "
      "the stacks whole");
}

TEST_F(ProfileResultsTest, ReportsTheCostOfSystemCalls) {
  AddBoth();
  const absl::StatusOr<CategoryRules> rules = LoadCategoryRules();
  ASSERT_TRUE(rules.ok()) << rules.status();
  const std::string text = CostText(Read(), *rules);
  // 183 of 603 ms over 6,000 requests, and 363 of 783 ms.
  EXPECT_TRUE(absl::StrContains(text, "recv")) << text;
  EXPECT_TRUE(absl::StrContains(text, "30.35 %")) << text;
  EXPECT_TRUE(absl::StrContains(text, "30.500")) << text;
  EXPECT_TRUE(absl::StrContains(text, "46.36 %")) << text;
}

TEST_F(ProfileResultsTest, JsonHasTheSameFigures) {
  AddBoth();
  const auto json = ToJson(Read(), *LoadCategoryRules());
  ASSERT_EQ(json.size(), 2);
  EXPECT_EQ(json[0]["target"], "a");
  EXPECT_EQ(json[0]["level"]["connections"], 64);
  EXPECT_EQ(json[0]["requests"], 6000);
  EXPECT_EQ(json[0]["runs"].size(), 6);
  EXPECT_EQ(json[0]["runs"][1]["samples"], 101);
  EXPECT_EQ(json[0]["system_calls"][0]["name"], "recv");
  EXPECT_NEAR(json[0]["system_calls"][0]["share"].get<double>(), 183.0 / 603, 1e-9);
  EXPECT_NEAR(json[0]["system_calls"][0]["us_per_request"].get<double>(), 30.5, 1e-9);
  EXPECT_TRUE(json[0]["system_calls"][0]["calls_per_request"].is_null());
}

TEST_F(ProfileResultsTest, ComparesTheSecondTargetWithTheFirst) {
  AddBoth();
  const std::vector<CellProfiles> cells = Read();
  const absl::StatusOr<ProfileDifference> difference =
      CompareCells(cells[0], cells[1], CompareBy::kStacks, *LoadCategoryRules());
  ASSERT_TRUE(difference.ok()) << difference.status();
  EXPECT_TRUE(difference->enough_runs);
  const FunctionChange& first = difference->functions.front();
  EXPECT_TRUE(first.total.significant);
  ASSERT_TRUE(first.total.us_per_request.has_value());
  EXPECT_NEAR(first.total.us_per_request->delta, 30, 1e-6);
}

TEST_F(ProfileResultsTest, ComparesServersOfDifferentLanguagesByCategory) {
  AddBoth();
  const std::vector<CellProfiles> cells = Read();
  const CategoryRules rules = *LoadCategoryRules();
  const auto first = [](const ProfileDifference& difference) {
    return difference.tree.FunctionOf(difference.tree.PreOrder().at(1)).name;
  };
  const absl::StatusOr<ProfileDifference> by_category =
      CompareCells(cells[0], cells[1], CompareBy::kCategories, rules);
  ASSERT_TRUE(by_category.ok()) << by_category.status();
  EXPECT_EQ(first(*by_category), "other");
  const absl::StatusOr<ProfileDifference> by_call =
      CompareCells(cells[0], cells[1], CompareBy::kSystemCalls, rules);
  ASSERT_TRUE(by_call.ok()) << by_call.status();
  EXPECT_EQ(first(*by_call), "[no system call]");
  const std::string page = DifferencePage({&cells[0], &cells[1]}, rules).value();
  EXPECT_TRUE(absl::StrContains(page, "by category"));
  EXPECT_TRUE(absl::StrContains(page, "by system call"));
  // recv takes 30 us more per request, which is significant. Functions below 1 % or without a difference are not
  // listed.
  EXPECT_TRUE(absl::StrContains(page, "<th scope=\"row\">recv"));
  EXPECT_FALSE(absl::StrContains(page, "<th scope=\"row\">work"));
}

// A report asks for the same trees many times.
TEST_F(ProfileResultsTest, KeepsItsTreesUntilTheRulesChange) {
  AddBoth();
  const CellProfiles cell = Read()[0];
  EXPECT_EQ(&cell.Tree(), &cell.Tree());
  const CategoryRules rules = *LoadCategoryRules();
  const FunctionTree* const first = cell.RunsBy(CompareBy::kCategories, rules)[0].tree;
  EXPECT_EQ(cell.RunsBy(CompareBy::kCategories, *LoadCategoryRules())[0].tree, first);
  const CategoryRules handler =
      *CategoryRules::Create({}, {{.category = Category::kHandler, .functions = {"work"}}});
  const auto names = [&](const CategoryRules& by) {
    std::set<std::string> found;
    for (const TreeFunction& one : cell.RunsBy(CompareBy::kCategories, by)[0].tree->functions())
      found.insert(one.name);
    return found;
  };
  EXPECT_FALSE(names(rules).contains("handler"));
  EXPECT_TRUE(names(handler).contains("handler"));
}

TEST_F(ProfileResultsTest, ImportedProfileBelongsToItsCell) {
  const Cell plain = CellsOf(campaign_.plan())[0];
  ASSERT_FALSE(plain.profiled());
  ExecutionRecord execution;
  execution.set_campaign_id(campaign_.id());
  execution.set_id("plain");
  execution.set_status(ExecutionRecord::MEASURED);
  *execution.mutable_cell() = plain;
  ASSERT_TRUE(store_->CommitExecution(execution, {}, {}).ok());
  EXPECT_EQ(Read().size(), 2);
  ProfileInfo info;
  info.set_event("cycles");
  info.set_samples(70);
  ASSERT_TRUE(
      store_->AttachProfile("plain", info, ToProto(ProfileOf({{"_start;main", 70}}), 100)).ok());
  const std::vector<CellProfiles> cells = Read();
  ASSERT_EQ(cells.size(), 3);
  ASSERT_EQ(cells[0].runs.size(), 1);
  EXPECT_EQ(cells[0].runs[0].info.event(), "cycles");
}

TEST_F(ProfileResultsTest, ReportsTimeOffTheCpu) {
  AddBoth();
  EXPECT_FALSE(absl::StrContains(CostText(Read(), *LoadCategoryRules()), "off the CPU"));
  std::vector<CellProfiles> cells = Read();
  AddFolded("_start;main;[c]epoll_wait", 60, &cells[0].runs[0].stacks, StackTime::kOffCpu);
  const std::string text = CostText(cells, *LoadCategoryRules());
  EXPECT_TRUE(absl::StrContains(text, "off the CPU 10.000 us per request: epoll_wait 100 %"))
      << text;
  EXPECT_TRUE(absl::StrContains(ProfilePage(cells[0]), "time off the CPU"));
  EXPECT_FALSE(absl::StrContains(ProfilePage(cells[1]), "time off the CPU"));
}

TEST_F(ProfileResultsTest, RefusedProfileIsReported) {
  for (const Cell& cell : CellsOf(campaign_.plan())) {
    if (cell.profiled()) Add(cell, 0, {}, "perf_event_paranoid is 4");
  }
  const std::vector<CellProfiles> cells = Read();
  EXPECT_TRUE(cells[0].runs.empty());
  EXPECT_EQ(cells[0].refused, "perf_event_paranoid is 4");
  EXPECT_TRUE(absl::StrContains(CostText(cells, *LoadCategoryRules()),
                                "no profile of a: perf_event_paranoid is 4; run as root"));
  const absl::Status refused = ExportProfiles(cells, "folded", *LoadCategoryRules()).status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kNotFound);
  EXPECT_TRUE(absl::StrContains(refused.message(), "perf_event_paranoid is 4; run as root"));
}

TEST_F(ProfileResultsTest, EveryFormatHasFiles) {
  AddBoth();
  const std::vector<CellProfiles> cells = Read();
  for (const auto& [format, files, first] :
       std::vector<std::tuple<std::string, size_t, std::string>>{
           {"folded", 2, "a-json-64-connections-profiled.folded"},
           {"flamegraph", 3, "a-json-64-connections-profiled.html"},
           {"pprof", 12, "a-json-64-connections-profiled-block-1.pb.gz"},
           {"speedscope", 12, "a-json-64-connections-profiled-block-1.speedscope.json"},
           {"perf-script", 12, "a-json-64-connections-profiled-block-1.perf-script.txt"}}) {
    EXPECT_TRUE(IsProfileFormat(format));
    const absl::StatusOr<Export> exported = ExportProfiles(cells, format, *LoadCategoryRules());
    ASSERT_TRUE(exported.ok()) << exported.status();
    EXPECT_EQ(exported->files.size(), files) << format;
    EXPECT_EQ(exported->files.front().name, first);
    EXPECT_FALSE(exported->files.front().content.empty());
    EXPECT_TRUE(exported->left_out.empty());
  }
  EXPECT_FALSE(IsProfileFormat("json"));
}

TEST_F(ProfileResultsTest, TargetsWithEqualFileNamesGetSeparateFiles) {
  AddBoth();
  const std::vector<std::pair<std::string, std::string>> pairs = {
      {"a b", "a-b"}, {"Epoll", "epoll"}, {"сервер", "служба"}};
  for (const auto& [first, second] : pairs) {
    std::vector<CellProfiles> cells = Read();
    cells[0].cell.set_target(first);
    cells[0].baseline = cells[1].baseline = first;
    cells[1].cell.set_target(second);
    for (const auto& [format, files] : std::vector<std::pair<std::string, size_t>>{
             {"folded", 2}, {"flamegraph", 3}, {"pprof", 12}, {"speedscope", 12}}) {
      const absl::StatusOr<Export> exported = ExportProfiles(cells, format, *LoadCategoryRules());
      ASSERT_TRUE(exported.ok()) << exported.status();
      std::set<std::string> names;
      for (const ExportedFile& file : exported->files)
        names.insert(absl::AsciiStrToLower(file.name));
      EXPECT_EQ(names.size(), files) << first << ", " << second << ", " << format;
    }
  }
}

TEST_F(ProfileResultsTest, ExportsOtherPagesIfADifferenceCannotBeDrawn) {
  AddBoth();
  std::vector<CellProfiles> cells = Read();
  for (ProfiledRun& run : cells[1].runs) run.info.set_event("cycles");
  const absl::StatusOr<Export> exported = ExportProfiles(cells, "flamegraph", *LoadCategoryRules());
  ASSERT_TRUE(exported.ok()) << exported.status();
  EXPECT_EQ(exported->files.size(), 2u);
  ASSERT_EQ(exported->left_out.size(), 1u);
  EXPECT_TRUE(absl::StrContains(exported->left_out[0], "cycles")) << exported->left_out[0];
}

// Otherwise the first cell's refusal would remove every difference without a report.
TEST_F(ProfileResultsTest, ReportsARefusedBaselineForAMissingDifference) {
  AddBoth();
  std::vector<CellProfiles> cells = Read();
  cells[0].runs.clear();
  cells[0].refused = "perf_event_paranoid is 4";
  const absl::StatusOr<Export> exported = ExportProfiles(cells, "flamegraph", *LoadCategoryRules());
  ASSERT_TRUE(exported.ok()) << exported.status();
  EXPECT_EQ(exported->files.size(), 1u);
  ASSERT_EQ(exported->left_out.size(), 1u);
  EXPECT_EQ(exported->left_out[0],
            "b against a: json, 64 connections: no profile of a: perf_event_paranoid is 4");
}

TEST_F(ProfileResultsTest, ComparesWithThePlansBaseline) {
  campaign_.mutable_plan()->set_baseline("b");
  AddBoth();
  const ProfilePairs found = PairsOf(Read());
  ASSERT_EQ(found.pairs.size(), 1u);
  const absl::StatusOr<Export> exported =
      ExportProfiles(Read(), "flamegraph", *LoadCategoryRules());
  EXPECT_EQ(exported->files.back().name,
            "b-json-64-connections-profiled-against-a-json-64-connections-profiled.html");
}

TEST_F(ProfileResultsTest, ReportsAnUnreadableProfile) {
  const Cell cell = CellsOf(campaign_.plan())[1];
  ASSERT_TRUE(cell.profiled());
  ExecutionRecord execution;
  execution.set_campaign_id(campaign_.id());
  execution.set_id("broken");
  execution.set_status(ExecutionRecord::MEASURED);
  *execution.mutable_cell() = cell;
  execution.mutable_server()->mutable_profile()->set_event("cpu-clock");
  std::vector<ProfileChunk> chunks(1);
  chunks[0].set_sequence(3);
  ASSERT_TRUE(store_->CommitExecution(execution, {}, {}, chunks).ok());
  Add(cell, 1, {{"_start;main;work", 70}});
  const std::vector<CellProfiles> cells = Read();
  ASSERT_EQ(cells[0].unreadable.size(), 1u);
  EXPECT_TRUE(absl::StrContains(cells[0].unreadable[0], "the profile of execution broken"));
  ASSERT_EQ(cells[0].runs.size(), 1u);
  EXPECT_EQ(cells[0].samples(), 70u);
  const CategoryRules rules = *LoadCategoryRules();
  EXPECT_TRUE(absl::StrContains(CostText(cells, rules), cells[0].unreadable[0]));
  EXPECT_TRUE(absl::StrContains(CostText(cells, rules), "100.00 %"));
  EXPECT_EQ(ToJson(cells, rules)[0]["unreadable"][0], cells[0].unreadable[0]);
  EXPECT_EQ(ToJson(cells, rules)[0]["runs"].size(), 1u);
}

// If no run of a cell is left, the reason replaces the profile.
TEST_F(ProfileResultsTest, ReportsWhyACellHasNoReadableProfile) {
  AddBoth();
  std::vector<CellProfiles> cells = Read();
  cells[0].runs.clear();
  cells[0].unreadable = {"the profile of execution x cannot be read: it is broken"};
  EXPECT_EQ(PairsOf(cells).left_out[0],
            "b against a: json, 64 connections: no profile of a: " + cells[0].unreadable[0]);
  const absl::StatusOr<Export> none = ExportProfiles({cells[0]}, "folded", *LoadCategoryRules());
  EXPECT_EQ(none.status().message(), cells[0].unreadable[0]);
}

}  // namespace
}  // namespace assay::controller

#include "controller/import/result_import.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_split.h"
#include "controller/export/markdown_text.h"
#include "controller/gates/gate_keeper.h"
#include "controller/import/tool_outputs.h"
#include "controller/results/campaign_results.h"
#include "controller/results/results_json.h"
#include "controller/results/results_text.h"
#include "controller/store/store.h"
#include "controller/store/store_samples.h"
#include "controller/verdict/campaign_verdict.h"
#include "nlohmann/json.hpp"
#include "proto/results.pb.h"

namespace assay::controller {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr int64_t kNow = 1'800'000'000'000'000;

class ResultImportTest : public ::testing::Test {
 protected:
  ResultImportTest() : store_(OpenedStore(folder_.Path("store.db"))), rules_(*LoadGateRules()) {}

  // Imports the files and stores them, as the command does.
  CampaignRecord Stored(const std::vector<ImportedFile>& files, const ImportOptions& options = {}) {
    const absl::StatusOr<ImportedCampaign> imported = ImportResults(files, options, kNow);
    EXPECT_TRUE(imported.ok()) << imported.status();
    EXPECT_TRUE(store_->CreateCampaign(imported->campaign).ok());
    for (const ExecutionRecord& execution : imported->executions) {
      const absl::Status committed = store_->CommitExecution(execution, {}, {});
      EXPECT_TRUE(committed.ok()) << committed;
    }
    return imported->campaign;
  }

  CampaignResults Read(const CampaignRecord& campaign) {
    const absl::StatusOr<CampaignRecord> found = store_->Find(campaign.id());
    EXPECT_TRUE(found.ok()) << found.status();
    absl::StatusOr<CampaignResults> results = ReadResults(*store_, rules_, *found);
    EXPECT_TRUE(results.ok()) << results.status();
    return *std::move(results);
  }

  TemporaryFolder folder_;
  const std::unique_ptr<Store> store_;
  const GateRules rules_;
};

TEST_F(ResultImportTest, TheTableMarksTheToolAndShowsNotKnownAsNA) {
  const CampaignRecord campaign = Stored({{"out/epoll.txt", kWrkOutput}});
  const std::string text = ToText(Read(campaign), TextWidth::kWide);
  EXPECT_THAT(text, HasSubstr("imported from wrk"));
  const std::vector<std::string> lines = absl::StrSplit(text, '\n');
  const auto row = std::find_if(lines.begin(), lines.end(), [](const std::string& line) {
    return line.starts_with("epoll (imported from wrk)");
  });
  ASSERT_NE(row, lines.end()) << text;
  const std::vector<std::string> words = absl::StrSplit(*row, ' ', absl::SkipEmpty());
  // requests/s, p50, p99, then nothing that wrk reports.
  EXPECT_THAT(words, ElementsAre("epoll", "(imported", "from", "wrk)", "2", "connections", "37",
                                 "49,340", "67,780", "n/a", "n/a", "n/a", "n/a", "1", "n/a"));
  EXPECT_THAT(text, Not(HasSubstr("gates:")));
  EXPECT_THAT(text, HasSubstr("its percentiles have no interval"));
}

TEST_F(ResultImportTest, JsonHasNullForWhatTheToolDidNotReport) {
  const CampaignRecord campaign = Stored({{"hey.txt", kHeyOutput}});
  const nlohmann::ordered_json json = ToJson(Read(campaign));
  EXPECT_EQ(json["campaign"]["imported_from"], "hey");
  EXPECT_TRUE(json["campaign"]["finished_blocks"].is_null());
  const auto& cell = json["cells"][0];
  EXPECT_TRUE(cell["workload"].is_null());
  EXPECT_TRUE(cell["level"].empty());
  EXPECT_EQ(cell["rps"]["estimate"], 33.1044);
  EXPECT_TRUE(cell["rps"]["low"].is_null());
  EXPECT_EQ(cell["latency_us"]["p95"]["estimate"], 86'500);
  // hey had too few requests for p99.
  EXPECT_TRUE(cell["latency_us"]["p99"]["estimate"].is_null());
  for (const char* key : {"server_cpu_us_per_request", "server_rss_bytes", "think_time_us"})
    EXPECT_TRUE(cell[key]["estimate"].is_null()) << key;
  EXPECT_TRUE(cell["retried"].is_null());
  EXPECT_TRUE(cell["mean_of_medians_us"].is_null());
  EXPECT_TRUE(cell["executions"][0]["sent"].is_null());
  EXPECT_TRUE(cell["executions"][0]["start_skew_us"].is_null());
  const auto& imported = cell["imported_from"];
  EXPECT_EQ(imported["tool"], "hey");
  EXPECT_EQ(imported["file"], "hey.txt");
  EXPECT_EQ(imported["requests"], 40);
  EXPECT_EQ(imported["errors"], 0);
  EXPECT_TRUE(imported["timeouts"].is_null());
  EXPECT_TRUE(imported["url"].is_null());
  EXPECT_EQ(imported["percentiles"].size(), 6);
}

TEST_F(ResultImportTest, CsvHasEmptyFields) {
  const std::string csv = ToCsv(Read(Stored({{"hey.txt", kHeyOutput}})));
  const std::vector<std::string> lines = absl::StrSplit(csv, "\r\n");
  EXPECT_TRUE(lines[0].ends_with(",retried,imported_from")) << csv;
  EXPECT_THAT(lines[1], HasSubstr(",hey,,closed,,,0,1,0,33.1044,,,55600,,,48100,,,"));
  EXPECT_TRUE(lines[1].ends_with(",,hey")) << csv;
}

TEST_F(ResultImportTest, ViewsHaveNull) {
  Stored({{"hey.txt", kHeyOutput}});
  const std::string path = folder_.Path("store.db");
  EXPECT_EQ(RunSql(path,
                   "SELECT count(*) FROM executions WHERE timeouts IS NULL AND sent IS NULL "
                   "AND in_flight IS NULL AND retried IS NULL AND samples_lost IS NULL AND "
                   "p99_us IS NULL AND errors = 0 AND rps = 33.1044 AND duration_s = 1.2083"),
            "1");
}

// A median of percentiles would be a figure that no tool measured.
TEST_F(ResultImportTest, TwoResultsOfOneCellStayApart) {
  const CampaignRecord campaign =
      Stored({{"a/run.txt", kWrkOutput}, {"b/run.txt", kWrkOutput}, {"run.json", kOhaJsonOutput}});
  const CampaignResults results = Read(campaign);
  ASSERT_EQ(results.cells.size(), 3);
  EXPECT_EQ(results.cells[0].cell.target(), "run");
  EXPECT_EQ(results.cells[1].cell.target(), "run (2)");
  EXPECT_EQ(results.cells[2].cell.target(), "run");
  EXPECT_EQ(results.campaign.imported_from(), "wrk, oha");
  for (const CellResult& cell : results.cells) {
    EXPECT_EQ(cell.executions.size(), 1);
    EXPECT_FALSE(cell.quantile_us[0]->low.has_value());
  }
}

TEST_F(ResultImportTest, FlagsSayWhatTheOutputDoesNot) {
  const CampaignRecord campaign =
      Stored({{"-", kHeyOutput}},
             {.target = "nginx", .workload = "index", .connections = 50, .label = "mine"});
  EXPECT_EQ(campaign.label(), "mine");
  const Cell cell = Read(campaign).cells[0].cell;
  EXPECT_EQ(cell.target(), "nginx");
  EXPECT_EQ(cell.workload(), "index");
  EXPECT_EQ(cell.connections(), 50);
  EXPECT_EQ(Read(Stored({{"-", kHeyOutput}})).cells[0].cell.target(), "hey");
  EXPECT_EQ(Read(Stored({{"x.json", kFortioOutput}})).cells[0].cell.workload(), "/echo?size=100");
}

TEST_F(ResultImportTest, AnImportedCampaignIsNotCompared) {
  const CampaignResults first = Read(Stored({{"a.txt", kWrkOutput}, {"b.txt", kWrkOutput}}));
  const CampaignResults second = Read(Stored({{"a.txt", kWrkOutput}}));
  for (const absl::Status& status : {CompareCampaign(*store_, rules_, first).status(),
                                     CompareTwoCampaigns(rules_, first, second).status()}) {
    EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_THAT(std::string(status.message()), HasSubstr("was imported from wrk: "));
  }
  EXPECT_FALSE(first.invalid());
  EXPECT_THAT(MarkdownText(first, nullptr, ""),
              AllOf(StartsWith("### imported from wrk\n"), Not(HasSubstr("Run it again"))));
}

TEST_F(ResultImportTest, AFaultNamesFileAndLine) {
  const std::vector<ImportedFile> files = {{"a.txt", kWrkOutput},
                                           {"b.txt", "Summary:\n  Total: x\n"}};
  const absl::Status status = ImportResults(files, {}, kNow).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), StartsWith("b.txt: line 2: expected a time"));
}

}  // namespace
}  // namespace assay::controller

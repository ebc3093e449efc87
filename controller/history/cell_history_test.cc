#include "controller/history/cell_history.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "analysis/comparison.h"
#include "analysis/latency_histogram.h"
#include "controller/gates/gate_keeper.h"
#include "controller/history/history_output.h"
#include "controller/plan/plan_rules.h"
#include "controller/results/text_table.h"
#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "proto/convert/histogram_proto.h"
#include "proto/results.pb.h"

namespace assay::controller {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

// Executions of one campaign differ by these factors.
constexpr double kSpread[] = {0.998, 0.999, 1.0, 1.0, 1.001, 1.002};

// What differs between the campaigns of a test.
struct Made {
  double cpu_us = 10;
  std::string kernel = "6.1.0";
  std::string build_id = "aa";
  // More of the plan.
  std::string plan;
  size_t executions = 6;
  // Set: the executions have a gate with this verdict, of rules of this version.
  std::optional<GateResult::Verdict> verdict;
  uint32_t rules_version = 1;
};

class CellHistoryTest : public ::testing::Test {
 protected:
  CellHistoryTest()
      : store_(*Store::Open(
            absl::StrCat(::testing::TempDir(), "/",
                         ::testing::UnitTest::GetInstance()->current_test_info()->name(), ".db"),
            Store::Mode::kWrite)),
        rules_(*LoadGateRules()) {}

  // Adds a campaign of the target epoll at 64 and 256 connections, a day after the last one.
  void Add(const Made& made) {
    CampaignRecord campaign;
    ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(
        absl::StrCat(
            "name: 'p' targets { name: 'epoll' } workloads { name: 'json' path: '/json' } ",
            made.plan.empty() ? "load { closed { connections: [64, 256] duration { seconds: 1 } } }"
                              : made.plan),
        campaign.mutable_plan()));
    *campaign.mutable_plan() = WithDefaults(campaign.plan());
    campaign.set_id(absl::StrCat("00000000000", count_));
    campaign.set_label(absl::StrCat("day-", count_));
    campaign.set_started_us((int64_t{20'000} + count_++) * 86'400 * 1'000'000);
    campaign.set_status(CampaignRecord::COMPLETE);
    AgentRecord& agent = *campaign.add_agents();
    agent.add_roles(JobId::SERVER);
    agent.add_roles(JobId::LOAD);
    auto& environment = *agent.mutable_description()->mutable_environment();
    environment["kernel.release"] = made.kernel;
    environment["cpu.model"] = "Example 9000";
    environment["kernel.boot_id"] = absl::StrCat("boot ", count_);
    ASSERT_TRUE(store_->CreateCampaign(campaign).ok());
    for (const Cell& cell : ComparableCells(campaign)) {
      for (size_t block = 0; block < made.executions; ++block) Commit(campaign, cell, block, made);
    }
  }

  void Commit(const CampaignRecord& campaign, const Cell& cell, size_t block, const Made& made) {
    ExecutionRecord execution;
    ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(R"(
      status: MEASURED
      server_ready { version: "epoll 1.0" cpus: "0" }
      loads { ready { cpus: "1" }
              finished { sent: 1000 ok: 1000 connections: 64 duration_ns: 1000000000 cpu_ns: 8000000
                         samples_recorded: 1000 } samples_received: 1000 }
    )",
                                                              &execution));
    execution.set_id(absl::StrCat(campaign.id(), "-", executions_++));
    execution.set_campaign_id(campaign.id());
    execution.set_block(static_cast<uint32_t>(block));
    *execution.mutable_cell() = cell;
    execution.mutable_server_ready()->set_build_id(made.build_id);
    execution.mutable_server()->set_cpu_ns(
        static_cast<int64_t>(made.cpu_us * kSpread[block % 6] * 1'000 * 1'000));
    if (made.verdict.has_value()) {
      GateResult& gate = *execution.add_gates();
      gate.set_name("idle_gaps");
      gate.set_verdict(*made.verdict);
      gate.set_rules_version(made.rules_version);
    }
    LatencyHistogram latency;
    for (int i = 0; i < 1000; ++i) latency.Record(int64_t{100'000});
    ToProto(latency, execution.mutable_latency());
    const absl::Status committed = store_->CommitExecution(execution, {}, {});
    ASSERT_TRUE(committed.ok()) << committed;
  }

  CellHistory Read(const CellQuery& query = {
                       .target = "epoll", .workload = "json", .level = "64"}) {
    absl::StatusOr<CellHistory> history = ReadHistory(*store_, rules_, query);
    EXPECT_TRUE(history.ok()) << history.status();
    return *std::move(history);
  }

  std::string Refusal(const CellQuery& query) {
    const absl::Status status = ReadHistory(*store_, rules_, query).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    return std::string(status.message());
  }

  std::unique_ptr<Store> store_;
  GateRules rules_;
  int count_ = 0;
  int executions_ = 0;
};

TEST_F(CellHistoryTest, ShowsTheFigureOfEachCampaignOldestFirst) {
  Add({.cpu_us = 10});
  Add({.cpu_us = 11});
  const CellHistory history = Read();
  ASSERT_EQ(history.points.size(), 2);
  EXPECT_EQ(history.metric->name, "server_cpu_us_per_request");
  EXPECT_EQ(history.points[0].cell.label, "day-0");
  EXPECT_NEAR(history.points[0].estimate.estimate, 10, 1e-6);
  EXPECT_NEAR(*history.points[0].estimate.low, 9.98, 1e-6);
  EXPECT_EQ(history.points[0].change, std::nullopt);
  EXPECT_NEAR(history.points[1].change->ratio.estimate, 1.1, 1e-3);
  EXPECT_EQ(history.points[1].change->verdict, Verdict::kSlower);
}

TEST_F(CellHistoryTest, MarksAStepWhereTheLevelChangesForGood) {
  // Campaigns vary by 1 %; from the seventh on, the server needs 6 % more.
  const std::vector<double> noise = {0, 1, -1, 0.5, -0.5, 0.2, 0.7, -0.8, 0, 0.9};
  for (size_t i = 0; i < noise.size(); ++i) {
    Add({.cpu_us = (i < 6 ? 10 : 10.6) * (1 + noise[i] / 100)});
  }
  const CellHistory history = Read();
  ASSERT_EQ(history.points.size(), 10);
  for (size_t i = 0; i < history.points.size(); ++i) {
    EXPECT_EQ(history.points[i].step.has_value(), i == 6) << i;
  }
  EXPECT_NEAR(history.points[6].step.value(), 1.06, 0.01);
  EXPECT_THAT(ToText(history), Not(HasSubstr("no step")));
}

// Single campaigns may differ from the one before without a step.
TEST_F(CellHistoryTest, QuietSeriesHasNoStep) {
  for (const double noise : {0.0, 1.0, -1.0, 0.5, -0.5, 0.2, 0.7, -0.8, 0.0, 0.9}) {
    Add({.cpu_us = 10 * (1 + noise / 100)});
  }
  const CellHistory history = Read();
  for (const HistoryPoint& point : history.points) EXPECT_EQ(point.step, std::nullopt);
  EXPECT_THAT(ToText(history), HasSubstr("no step of 2 % or more"));
}

TEST_F(CellHistoryTest, ShowsWhatChangedOnTheHostsAndInTheServer) {
  Add({});
  Add({});
  Add({.kernel = "6.2.0", .build_id = "bb"});
  const CellHistory history = Read();
  EXPECT_TRUE(history.points[1].condition_changes.empty()) << "every boot has another boot ID";
  ASSERT_EQ(history.points[2].condition_changes.size(), 2);
  EXPECT_EQ(history.points[2].condition_changes[0].key, "server build id");
  EXPECT_EQ(history.points[2].condition_changes[0].before, "aa");
  EXPECT_EQ(history.points[2].condition_changes[0].after, "bb");
  EXPECT_EQ(history.points[2].condition_changes[1].key, "server kernel.release");
  EXPECT_THAT(ToText(history, TextWidth::kWide),
              AllOf(HasSubstr("server changed before 000000000002: server build id: aa -> bb\n"),
                    HasSubstr("conditions changed before 000000000002: server kernel.release: "
                              "6.1.0 -> 6.2.0\n"),
                    HasSubstr("new server, 1 changed")));
  EXPECT_EQ(history.points[2].change, std::nullopt) << "another kernel is another machine";
  const auto json = ToJson(history)["campaigns"][2]["condition_changes"];
  EXPECT_EQ(json[0]["of"], "server");
  EXPECT_EQ(json[1]["of"], "hosts");
}

// As `show` does. 1,000 requests over 64 connections are too few by today's rules.
TEST_F(CellHistoryTest, CampaignsOfOlderRulesAreJudgedByTodaysRules) {
  Add({.verdict = GateResult::PASS});
  Add({.verdict = GateResult::PASS, .rules_version = rules_.version()});
  Add({.verdict = GateResult::INVALID, .rules_version = rules_.version()});
  const CellHistory history = Read();
  EXPECT_TRUE(history.points[0].cell.invalid);
  EXPECT_FALSE(history.points[1].cell.invalid);
  EXPECT_TRUE(history.points[2].cell.invalid);
}

TEST_F(CellHistoryTest, TakesALevelAsPeopleWriteIt) {
  Add({});
  Add({.plan = "load { open { rate_per_s: 20000 connections: 64 duration { seconds: 1 } } }"});
  for (const char* const level : {"64", "64 connections"}) {
    EXPECT_EQ(Read({.level = level}).points[0].cell.cell.connections(), 64);
  }
  for (const char* const level : {"20000", "20000/s"}) {
    const CellHistory history = Read({.level = level, .metric = "rps"});
    EXPECT_EQ(history.points[0].cell.cell.rate_per_s(), 20'000);
    EXPECT_EQ(history.metric->name, "rps");
  }
}

TEST_F(CellHistoryTest, ListsTheCellsIfTheQueryMatchesNoneOrSeveral) {
  EXPECT_THAT(Refusal({}), HasSubstr("the store has no cell yet"));
  Add({});
  EXPECT_THAT(Refusal({.level = "65"}),
              AllOf(HasSubstr("no campaign of the store has this cell"),
                    HasSubstr("epoll json 256 connections; epoll json 64 connections")));
  EXPECT_THAT(Refusal({.target = "epoll"}), HasSubstr("several cells match"));
  EXPECT_THAT(Refusal({.level = "64", .metric = "p99"}), HasSubstr("there is no metric \"p99\""));
  EXPECT_THAT(Refusal({.level = "64", .metric = "mean_of_medians_us"}),
              HasSubstr("cannot be compared"));
  EXPECT_THAT(Refusal({.level = "64", .metric = "p9999_us"}), HasSubstr("has a figure p9999_us"));
}

TEST_F(CellHistoryTest, CountsCampaignsWithoutTheFigure) {
  Add({});
  Add({.executions = 0});
  Add({});
  const CellHistory history = Read();
  EXPECT_EQ(history.points.size(), 2);
  EXPECT_EQ(history.without_figure, 1);
}

TEST_F(CellHistoryTest, TableIsAtMost100ColumnsWide) {
  Add({.cpu_us = 1234.5678});
  Add({.cpu_us = 1300, .build_id = std::string(150, 'b')});
  const std::string text = ToText(Read());
  EXPECT_LE(WidestLine(text.substr(0, text.find("server changed before"))), kTextColumns) << text;
  EXPECT_THAT(text, AllOf(HasSubstr("2024-10-04 00:00"), HasSubstr("+5.3 % [+5.1, +5.5]"),
                          HasSubstr("slower")));
}

TEST_F(CellHistoryTest, CsvAndJsonHaveOneEntryPerCampaign) {
  Add({});
  Add({.cpu_us = 12, .build_id = "bb"});
  const CellHistory history = Read();
  const std::string csv = ToCsv(history);
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 3) << csv;
  EXPECT_THAT(csv, HasSubstr("000000000001,day-1,2024-10-05T00:00:00Z,epoll,json,closed,64,,"
                             "server_cpu_us_per_request,us,6,12,"));
  EXPECT_THAT(csv, HasSubstr("server build id: aa -> bb"));
  const auto json = ToJson(history);
  ASSERT_EQ(json["campaigns"].size(), 2);
  EXPECT_EQ(json["level"]["connections"], 64);
  EXPECT_TRUE(json["campaigns"][0]["change"].is_null());
  EXPECT_NEAR(json["campaigns"][1]["change"]["estimate"].get<double>(), 1.2, 1e-3);
  EXPECT_EQ(json["campaigns"][1]["change"]["verdict"], "slower");
  EXPECT_EQ(json["campaigns"][1]["condition_changes"][0]["after"], "bb");
}

}  // namespace
}  // namespace assay::controller

#include "controller/results/campaign_results.h"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "analysis/latency_histogram.h"
#include "controller/gates/gate_keeper.h"
#include "controller/plan/plan_rules.h"
#include "controller/results/result_notes.h"
#include "controller/results/results_json.h"
#include "controller/results/results_text.h"
#include "controller/results/text_table.h"
#include "google/protobuf/text_format.h"
#include "nlohmann/json.hpp"
#include "proto/convert/histogram_proto.h"

namespace assay::controller {
namespace {

class CampaignResultsTest : public ::testing::Test {
 protected:
  CampaignResultsTest()
      : store_(*Store::Open(Path(), Store::Mode::kWrite)), rules_(*LoadGateRules()) {}

  static std::string Path() {
    return absl::StrCat(::testing::TempDir(), "/",
                        ::testing::UnitTest::GetInstance()->current_test_info()->name(), ".db");
  }

  // A campaign of one level of epoll with that many blocks. Execution i has a median of (100 + i) us.
  CampaignRecord Store(uint32_t blocks, const std::string& more = "") {
    CampaignRecord campaign;
    EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(
        absl::StrCat("name: 'p' targets { name: 'epoll' } workloads { name: 'json' path: '/json' } "
                     "load { closed { connections: 64 duration { seconds: 1 } } } blocks: ",
                     blocks, " ", more),
        campaign.mutable_plan()));
    *campaign.mutable_plan() = WithDefaults(campaign.plan());
    campaign.set_id("0123456789ab");
    campaign.set_started_us(1);
    campaign.set_status(CampaignRecord::COMPLETE);
    EXPECT_TRUE(store_->CreateCampaign(campaign).ok());
    for (uint32_t block = 0; block < blocks; ++block) {
      ExecutionRecord execution = Measured(block);
      const absl::Status committed = store_->CommitExecution(execution, {}, {});
      EXPECT_TRUE(committed.ok()) << committed;
    }
    return campaign;
  }

  static ExecutionRecord Measured(uint32_t block) {
    ExecutionRecord execution;
    EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(R"(
      campaign_id: "0123456789ab" status: MEASURED
      cell { target: "epoll" workload: "json" mode: "closed" connections: 64 }
      server { cpu_ns: 9000000 rss_bytes: 4000000 }
      loads { finished { sent: 1000 ok: 1000 connections: 64 duration_ns: 1000000000 cpu_ns: 8000000
                         samples_recorded: 1000 } samples_received: 1000 }
    )",
                                                              &execution));
    execution.set_id(absl::StrCat("execution-", block));
    execution.set_block(block);
    LatencyHistogram latency;
    for (int i = 0; i < 1000; ++i) latency.Record(int64_t{100 + block} * 1000);
    ToProto(latency, execution.mutable_latency());
    return execution;
  }

  CampaignResults Read(const CampaignRecord& campaign) {
    absl::StatusOr<CampaignResults> results = ReadResults(*store_, rules_, campaign);
    EXPECT_TRUE(results.ok()) << results.status();
    return *std::move(results);
  }

  std::unique_ptr<assay::controller::Store> store_;
  GateRules rules_;
};

TEST_F(CampaignResultsTest, FiguresAreMediansOverExecutionsWithOrderStatisticIntervals) {
  const CampaignResults results = Read(Store(6));
  ASSERT_EQ(results.cells.size(), 1);
  const CellResult& cell = results.cells[0];
  ASSERT_EQ(cell.executions.size(), 6);
  EXPECT_DOUBLE_EQ(cell.rps->estimate, 1000);
  EXPECT_NEAR(cell.quantile_us[0]->estimate, 102.5, 0.2);
  // n = 6: [x1, x6] covers the median with 0.96875.
  EXPECT_NEAR(*cell.quantile_us[0]->low, 100, 0.2);
  EXPECT_NEAR(*cell.quantile_us[0]->high, 105, 0.2);
  EXPECT_DOUBLE_EQ(cell.server_cpu_us_per_request->estimate, 9);
  EXPECT_DOUBLE_EQ(cell.generator_cpu_us_per_request->estimate, 8);
  EXPECT_EQ(results.finished_blocks, 6);
}

TEST_F(CampaignResultsTest, FewerThanSixExecutionsHaveNoInterval) {
  const CampaignResults results = Read(Store(5));
  EXPECT_FALSE(results.cells[0].rps->low.has_value());
  const auto json = ToJson(results);
  EXPECT_TRUE(json["cells"][0]["rps"]["low"].is_null());
  EXPECT_TRUE(json["cells"][0]["rps"]["estimate"].is_number());
}

// The original experiment: three runs, and the mean of their medians.
TEST_F(CampaignResultsTest, MeanOfMediansAveragesTheMediansOfExecutions) {
  const CampaignResults results = Read(Store(3));
  EXPECT_NEAR(*results.cells[0].mean_of_medians_us, (100 + 101 + 102) / 3.0, 0.2);
}

// 1,000 requests cannot support a p99.9: the figure is "not known", never the maximum.
TEST_F(CampaignResultsTest, QuantileOfTooFewRequestsIsNull) {
  const auto json = ToJson(Read(Store(6)));
  const auto& latency = json["cells"][0]["latency_us"];
  EXPECT_TRUE(latency["p99"]["estimate"].is_number());
  EXPECT_TRUE(latency["p999"]["estimate"].is_null());
  EXPECT_TRUE(latency["p999"]["pooled"].is_number()) << "6,000 pooled requests are enough";
}

TEST_F(CampaignResultsTest, TooFewBlocksInvalidateAVerdictButOnlyWarnWithoutOne) {
  EXPECT_TRUE(Read(Store(3)).invalid());
}

TEST_F(CampaignResultsTest, ThreeBlocksWithoutAVerdictOnlyWarn) {
  EXPECT_FALSE(Read(Store(3, "verdict: NONE")).invalid());
}

TEST_F(CampaignResultsTest, AFailedExecutionIsCountedWithItsReasonAndLeavesItsBlockUnfinished) {
  const CampaignRecord campaign = Store(5);
  ExecutionRecord failed = Measured(5);
  failed.set_status(ExecutionRecord::FAILED);
  failed.mutable_failure()->mutable_failure()->set_message("it ended by itself");
  ASSERT_TRUE(store_->CommitExecution(failed, {}, {}).ok());
  const CampaignResults results = Read(campaign);
  EXPECT_EQ(results.cells[0].failed, 1);
  EXPECT_NE(ToText(results).find("it ended by itself"), std::string::npos);
}

TEST_F(CampaignResultsTest, FailureWithASuccessfulRetryIsNotCounted) {
  const CampaignRecord campaign = Store(6);
  ExecutionRecord failed = Measured(5);
  failed.set_id("execution-5-before");
  failed.set_attempt(1);
  failed.set_status(ExecutionRecord::FAILED);
  failed.mutable_failure()->mutable_failure()->set_message("it ended by itself");
  ASSERT_TRUE(store_->CommitExecution(failed, {}, {}).ok());
  const CampaignResults results = Read(campaign);
  EXPECT_EQ(results.cells[0].failed, 0);
  EXPECT_EQ(results.finished_blocks, 6);
  EXPECT_EQ(ToText(results).find("it ended by itself"), std::string::npos);
}

// The first execution with a warning may have exceeded the limit only slightly.
TEST_F(CampaignResultsTest, GateShowsItsWorstExecution) {
  const CampaignRecord campaign = Store(6);
  const std::vector<double> busy = {0.91, 0.95, 0.93};
  const std::vector<double> seconds = {0.4, 0.2, 0.3};
  for (uint32_t i = 0; i < busy.size(); ++i) {
    ExecutionRecord execution = Measured(6 + i);
    const auto add = [&](const std::string& name, double value, GateResult::Verdict verdict) {
      GateResult& gate = *execution.add_gates();
      gate.set_name(name);
      gate.set_value(value);
      gate.set_verdict(verdict);
      gate.set_rules_version(rules_.version());
    };
    add("foreign_cpu", busy[i], GateResult::WARN);
    add("too_short_window", seconds[i], GateResult::PASS);
    ASSERT_TRUE(store_->CommitExecution(execution, {}, {}).ok());
  }
  const CampaignResults results = Read(campaign);
  ASSERT_EQ(results.cells[0].gates.size(), 2);
  EXPECT_EQ(results.cells[0].gates[0].value(), 0.95);
  EXPECT_EQ(results.cells[0].gates[1].value(), 0.2) << "a smaller value is worse";
}

// Stores of 2026-11 and earlier have gates by other names.
TEST_F(CampaignResultsTest, OldNamesOfGatesAreNotShown) {
  const CampaignRecord campaign = Store(1);
  ExecutionRecord execution = Measured(1);
  GateResult& gate = *execution.add_gates();
  gate.set_name("wrong_answers");
  gate.set_verdict(GateResult::INVALID);
  gate.set_rules_version(2);
  ASSERT_TRUE(store_->CommitExecution(execution, {}, {}).ok());
  const CampaignResults results = Read(campaign);
  std::map<std::string, GateResult::Verdict> verdicts;
  for (const GateResult& one : results.cells[0].gates) verdicts[one.name()] = one.verdict();
  EXPECT_EQ(verdicts.count("wrong_answers"), 0);
  ASSERT_EQ(verdicts.count("wrong_responses"), 1);
  EXPECT_EQ(verdicts["wrong_responses"], GateResult::PASS);
}

TEST_F(CampaignResultsTest, ATargetWithFixedResponsesIsNamed) {
  CampaignRecord campaign = Store(1);
  TargetDescription& target = *campaign.add_agents()->mutable_description()->add_targets();
  target.set_name("epoll");
  EXPECT_EQ(absl::StrJoin(NotesOf(Read(campaign)), "\n").find("fixed responses"),
            std::string::npos);
  target.set_static_responses(true);
  EXPECT_NE(absl::StrJoin(NotesOf(Read(campaign)), "\n").find("epoll sends fixed responses"),
            std::string::npos);
}

// One disturbed block is not the state in which the servers were compared; half of them are.
TEST_F(CampaignResultsTest, SaturationIsJudgedByTheMedianExecution) {
  for (const auto& [disturbed, verdict] :
       std::map<uint32_t, GateResult::Verdict>{{2, GateResult::WARN}, {3, GateResult::INVALID}}) {
    store_ = *Store::Open(absl::StrCat(::testing::TempDir(), "/median-", disturbed, ".db"),
                          Store::Mode::kWrite);
    const CampaignRecord campaign = Store(6);
    for (uint32_t i = 0; i < 6; ++i) {
      ExecutionRecord execution = Measured(6 + i);
      GateResult& gate = *execution.add_gates();
      gate.set_name("server_not_bottleneck");
      gate.set_value(i < disturbed ? 0.7 : 0.96);
      gate.set_verdict(i < disturbed ? GateResult::INVALID : GateResult::WARN);
      gate.set_rules_version(rules_.version());
      ASSERT_TRUE(store_->CommitExecution(execution, {}, {}).ok());
    }
    const CampaignResults results = Read(campaign);
    ASSERT_EQ(results.cells[0].gates.size(), 1);
    EXPECT_EQ(results.cells[0].gates[0].verdict(), verdict) << disturbed;
  }
}

// Their stored verdicts are those of other limits.
TEST_F(CampaignResultsTest, GatesOfOlderRulesAreJudgedAgainFromTheStoredRecord) {
  const CampaignRecord campaign = Store(6);
  ExecutionRecord execution = Measured(6);
  // Other programs had half of the server's CPU, which the rules of that time did not judge.
  execution.mutable_server()->set_actual_cpus("0");
  execution.mutable_server()->set_window_ns(1'000'000'000);
  execution.mutable_server()->set_foreign_ns(500'000'000);
  GateResult& gate = *execution.add_gates();
  gate.set_name("errors");
  gate.set_verdict(GateResult::INVALID);
  ASSERT_TRUE(store_->CommitExecution(execution, {}, {}).ok());
  const CampaignResults results = Read(campaign);
  EXPECT_EQ(results.judged_again, 1);
  std::map<std::string, GateResult::Verdict> verdicts;
  for (const GateResult& one : results.cells[0].gates) verdicts[one.name()] = one.verdict();
  EXPECT_EQ(verdicts.at("errors"), GateResult::PASS);
  EXPECT_EQ(verdicts.at("foreign_cpu"), GateResult::WARN);
  ASSERT_EQ(results.cells[0].left_out.size(), 1) << "six other blocks are enough";
  EXPECT_EQ(results.cells[0].left_out[0].gate.verdict(), GateResult::INVALID);
  EXPECT_NE(ToText(results).find("the gates of 1 execution are those of today's rules"),
            std::string::npos)
      << ToText(results);
}

// A terminal of 100 columns shows the table without wrapping.
TEST_F(CampaignResultsTest, TextIsAtMost100ColumnsWideUnlessWideIsRequested) {
  CampaignResults results = Read(Store(6));
  CellResult& cell = results.cells[0];
  cell.cell.set_target("a-server-with-a-name-that-goes-on-and-on-until-its-very-end");
  cell.cell.set_mode("open");
  cell.cell.set_rate_per_s(1234567);
  cell.cell.set_profiled(true);
  cell.rps = Estimate{.estimate = 1'234'567, .low = 1'134'567, .high = 1'300'000};
  cell.failed = 3;
  cell.failure = std::string(80, 'x') + " because " + std::string(60, 'y');
  GateResult& gate = cell.gates.emplace_back();
  gate.set_name("idle_gaps");
  gate.set_verdict(GateResult::WARN);
  for (int i = 0; i < 40; ++i) gate.set_advice(gate.advice() + "advice ");
  const std::string text = ToText(results);
  EXPECT_LE(WidestLine(text), kTextColumns) << text;
  EXPECT_NE(text.find("1,234,567 ±8.1%"), std::string::npos) << text;
  EXPECT_EQ(text.find("mean of medians"), std::string::npos) << text;
  const std::string wide = ToText(results, TextWidth::kWide);
  for (const char* what : {"until-its-very-end", "mean of medians us", "load CPU us/request",
                           "1,234,567 [1,134,567, 1,300,000]", "6, 3 failed"}) {
    EXPECT_NE(wide.find(what), std::string::npos) << wide;
  }
}

// No figure includes the damaged execution, and every output reports it.
TEST_F(CampaignResultsTest, ReportsADamagedExecutionAndKeepsTheOthers) {
  const CampaignRecord campaign = Store(6);
  sqlite3* file = nullptr;
  ASSERT_EQ(sqlite3_open(Path().c_str(), &file), SQLITE_OK);
  // The record still parses, so only its hash shows the damage.
  ASSERT_EQ(sqlite3_exec(file,
                         "UPDATE execution SET record = CAST(record || x'800103' AS BLOB) "
                         "WHERE id = 'execution-2'",
                         nullptr, nullptr, nullptr),
            SQLITE_OK);
  sqlite3_close(file);
  const CampaignResults results = Read(campaign);
  EXPECT_EQ(results.cells[0].executions.size(), 5);
  EXPECT_EQ(results.finished_blocks, 5);
  ASSERT_EQ(results.damaged.size(), 1);
  for (const std::string& text :
       {std::string(results.Damage().message()), ToText(results), ToJson(results).dump()}) {
    EXPECT_NE(text.find("execution-2"), std::string::npos) << text;
    EXPECT_NE(text.find("0123456789ab"), std::string::npos);
    EXPECT_NE(text.find(Path()), std::string::npos);
  }
}

// Executions run block by block, and are read cell by cell.
TEST_F(CampaignResultsTest, EachCellHasItsOwnPooledQuantiles) {
  const CampaignRecord campaign = Store(6, "targets { name: 'other' }");
  for (uint32_t block = 0; block < 6; ++block) {
    ExecutionRecord execution = Measured(block);
    execution.set_id(absl::StrCat("other-", block));
    execution.mutable_cell()->set_target("other");
    LatencyHistogram latency;
    for (int i = 0; i < 1000; ++i) latency.Record(int64_t{500'000});
    ToProto(latency, execution.mutable_latency());
    ASSERT_TRUE(store_->CommitExecution(execution, {}, {}).ok());
  }
  const CampaignResults results = Read(campaign);
  ASSERT_EQ(results.cells.size(), 2);
  EXPECT_NEAR(*results.cells[0].pooled_us[0], 102, 0.2);
  EXPECT_NEAR(*results.cells[1].pooled_us[0], 500, 0.5);
  EXPECT_EQ(results.cells[1].executions.size(), 6);
}

// Its median lies between 100 and 105 us: a limit in this range is neither certainly missed nor certainly met.
TEST_F(CampaignResultsTest, ThresholdIsMissedIfTheWholeIntervalLiesBeyondIt) {
  const CampaignResults results =
      Read(Store(6,
                 "thresholds { metric: 'p50_us' max: 99 } thresholds { metric: 'p50_us' max: 101 } "
                 "thresholds { metric: 'p50_us' max: 106 } thresholds { metric: 'rps' min: 900 } "
                 "thresholds { metric: 'p50_us' min: 106 }"));
  const std::vector<ThresholdResult> judged = JudgeThresholds(results);
  ASSERT_EQ(judged.size(), 5);
  EXPECT_FALSE(judged[0].met);
  EXPECT_TRUE(judged[1].met);
  EXPECT_FALSE(judged[1].certain);
  EXPECT_TRUE(judged[2].met && judged[2].certain);
  EXPECT_TRUE(judged[3].met && judged[3].certain);
  EXPECT_FALSE(judged[4].met);
  EXPECT_NE(ToText(results).find("threshold missed: p50_us"), std::string::npos);
  EXPECT_NE(ToText(results).find("threshold not decided: p50_us"), std::string::npos);
}

TEST_F(CampaignResultsTest, ThresholdWithoutAnIntervalIsJudgedByTheEstimate) {
  const CampaignResults results = Read(Store(5, "thresholds { metric: 'p50_us' max: 101 }"));
  EXPECT_FALSE(JudgeThresholds(results)[0].met);
}

// The server responds after the window. The 64 responses of the drain are not part of its throughput.
TEST_F(CampaignResultsTest, WindowWithoutAResponseHasAThroughputOfZero) {
  const CampaignRecord campaign = Store(1);
  ExecutionRecord execution = Measured(1);
  execution.mutable_loads(0)->mutable_finished()->set_ok_in_window(0);
  ASSERT_TRUE(store_->CommitExecution(execution, {}, {}).ok());
  const CampaignResults results = Read(campaign);
  EXPECT_EQ(results.cells[0].executions[1].rps, 0);
  EXPECT_EQ(results.cells[0].executions[0].rps, 1000) << "an old record keeps its throughput";
}

TEST_F(CampaignResultsTest, ImpossibleFiguresAreNotSet) {
  const CampaignRecord campaign = Store(1);
  ExecutionRecord execution = Measured(1);
  execution.mutable_server()->set_cpu_ns(-9'000'000);
  execution.mutable_server()->set_rss_bytes(-1);
  execution.mutable_loads(0)->mutable_finished()->set_cpu_ns(-1);
  ASSERT_TRUE(store_->CommitExecution(execution, {}, {}).ok());
  const auto json = ToJson(Read(campaign));
  const auto& one = json["cells"][0]["executions"][1];
  EXPECT_TRUE(one["server_cpu_us_per_request"].is_null());
  EXPECT_TRUE(one["generator_cpu_us_per_request"].is_null());
  EXPECT_TRUE(one["server_rss_bytes"].is_null());
}

TEST_F(CampaignResultsTest, CpuPerRequestDividesByTheResponsesBetweenTheReadings) {
  const CampaignRecord campaign = Store(1);
  ExecutionRecord execution = Measured(1);
  execution.mutable_server()->set_cpu_begin_ns(1);
  execution.mutable_server()->set_cpu_end_ns(2);
  execution.set_server_cpu_responses(900);
  ASSERT_TRUE(store_->CommitExecution(execution, {}, {}).ok());
  execution = Measured(2);
  execution.mutable_server()->set_cpu_begin_ns(1);
  ASSERT_TRUE(store_->CommitExecution(execution, {}, {}).ok());
  const CampaignResults results = Read(campaign);
  EXPECT_EQ(results.cells[0].executions[1].server_cpu_us_per_request, 10);
  EXPECT_EQ(results.cells[0].executions[2].server_cpu_us_per_request, std::nullopt)
      << "the responses were not counted";
}

TEST_F(CampaignResultsTest, WindowsOfARunningServerHaveNoInterval) {
  CampaignRecord campaign = Store(6);
  const std::string started = ToText(Read(campaign));
  EXPECT_NE(started.find("medians over 6 fresh starts"), std::string::npos) << started;
  campaign.mutable_plan()->mutable_targets(0)->set_url("http://127.0.0.1:80/");
  const CampaignResults results = Read(campaign);
  EXPECT_FALSE(results.cells[0].rps->low.has_value());
  EXPECT_FALSE(results.cells[0].quantile_us[0]->high.has_value());
  EXPECT_EQ(results.cells[0].rps->estimate, 1000);
  const std::string text = ToText(results);
  EXPECT_EQ(text.find("fresh starts"), std::string::npos) << text;
  EXPECT_NE(text.find("6 windows of one running server"), std::string::npos) << text;
  const auto json = ToJson(results);
  EXPECT_EQ(json["cells"][0]["repeats"], "windows of one running server");
  EXPECT_TRUE(json["cells"][0]["rps"]["low"].is_null());
  EXPECT_TRUE(json["cells"][0]["latency_us"]["p99"]["high"].is_null());
  // The gate on blocks does not pass, and its advice does not mention starts.
  ASSERT_EQ(json["gates"].size(), 1);
  EXPECT_EQ(json["gates"][0]["name"], "too_few_blocks");
  EXPECT_EQ(json["gates"][0]["verdict"], "unreadable");
  EXPECT_TRUE(json["gates"][0]["value"].is_null());
  const std::string advice = json["gates"][0]["advice"];
  EXPECT_EQ(advice.find(" start "), std::string::npos) << advice;
  EXPECT_NE(advice.find("window of a running server"), std::string::npos) << advice;
}

TEST_F(CampaignResultsTest, ClosedLoopNotesThatItsTailDoesNotShowStalls) {
  EXPECT_NE(ToText(Read(Store(1)), TextWidth::kWide).find("p99 and beyond do not show stalls"),
            std::string::npos);
}

TEST_F(CampaignResultsTest, ThinkTimeIsShown) {
  const CampaignRecord campaign = Store(1);
  ExecutionRecord execution = Measured(0);
  execution.set_id("with-think-time");
  execution.set_attempt(1);
  LoadFinished& finished = *execution.mutable_loads(0)->mutable_finished();
  finished.set_think_ns(20'000'000);
  finished.set_flight_ns(180'000'000);
  finished.set_cycles(1'000);
  ASSERT_TRUE(store_->CommitExecution(execution, {}, {}).ok());
  const auto json = ToJson(Read(campaign));
  EXPECT_EQ(json["cells"][0]["executions"][1]["think_time_us"], 20);
  EXPECT_TRUE(json["cells"][0]["executions"][0]["think_time_us"].is_null());
}

// The fields of each row by title, from a CSV text without quotes.
std::vector<std::map<std::string, std::string>> RowsOf(const std::string& csv) {
  std::vector<std::map<std::string, std::string>> rows;
  std::vector<std::string> titles;
  for (const absl::string_view line : absl::StrSplit(csv, "\r\n", absl::SkipEmpty())) {
    const std::vector<std::string> fields = absl::StrSplit(line, ',');
    if (titles.empty()) {
      titles = fields;
      continue;
    }
    EXPECT_EQ(fields.size(), titles.size());
    std::map<std::string, std::string>& row = rows.emplace_back();
    for (size_t i = 0; i < titles.size() && i < fields.size(); ++i) row[titles[i]] = fields[i];
  }
  return rows;
}

class RatesTest : public CampaignResultsTest {
 protected:
  static constexpr double kRates[] = {1234.5671, 1234.5672, 0.5};

  // A campaign with these rates and one execution each. Figures have many digits.
  CampaignRecord StoreRates(const std::string& target = "epoll") {
    CampaignRecord campaign;
    EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(
        absl::StrCat("name: 'p' targets { name: 'epoll' label: '", target,
                     "' } workloads { name: 'json' path: '/json' } load { curve { rates_per_s: "
                     "[1234.5671, 1234.5672, 0.5] duration { seconds: 1 } } } blocks: 1 "
                     "verdict: NONE"),
        campaign.mutable_plan()));
    *campaign.mutable_plan() = WithDefaults(campaign.plan());
    campaign.set_id("0123456789ab");
    campaign.set_status(CampaignRecord::COMPLETE);
    EXPECT_TRUE(store_->CreateCampaign(campaign).ok());
    for (const double rate : kRates) {
      ExecutionRecord execution = Measured(0);
      execution.set_id(absl::StrCat("at", rates_++));
      execution.mutable_cell()->set_target(target);
      execution.mutable_cell()->set_mode("open");
      execution.mutable_cell()->clear_connections();
      execution.mutable_cell()->set_rate_per_s(rate);
      execution.mutable_server()->set_rss_bytes(1'234'567'890);
      LoadFinished& finished = *execution.mutable_loads(0)->mutable_finished();
      finished.set_ok(1'234'567 + rates_);
      finished.set_duration_ns(700'000'000);
      finished.set_retried(12'345'678);
      EXPECT_TRUE(store_->CommitExecution(execution, {}, {}).ok());
    }
    return campaign;
  }

 private:
  int rates_ = 0;
};

// Otherwise 1234.5671 and 1234.5672 would be one cell, and a third cell would be empty.
TEST_F(RatesTest, NearlyEqualRatesAreSeparateCellsInEveryFormat) {
  const CampaignResults results = Read(StoreRates());
  ASSERT_EQ(results.cells.size(), 3);
  const auto json = ToJson(results);
  const std::string csv = ToCsv(results);
  const auto rows = RowsOf(csv);
  ASSERT_EQ(rows.size(), 3) << csv;
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(results.cells[i].executions.size(), 1);
    EXPECT_EQ(json["cells"][i]["level"]["rate"].get<double>(), kRates[i]);
    EXPECT_EQ(std::strtod(rows[i].at("rate").c_str(), nullptr), kRates[i]);
    EXPECT_EQ(rows[i].at("executions"), "1");
  }
  const std::string table = ToText(results, TextWidth::kWide);
  for (const char* level : {"1234.5671/s", "1234.5672/s", "0.5/s"})
    EXPECT_NE(table.find(level), std::string::npos) << table;
}

TEST_F(RatesTest, CsvAndJsonHaveTheSameNumbers) {
  const CampaignResults results = Read(StoreRates());
  const auto json = ToJson(results);
  const std::string csv = ToCsv(results);
  EXPECT_EQ(csv.find("e+"), std::string::npos) << csv;
  const auto rows = RowsOf(csv);
  ASSERT_EQ(rows.size(), 3);
  size_t compared = 0;
  for (size_t i = 0; i < rows.size(); ++i) {
    const auto& cell = json["cells"][i];
    for (const auto& [title, field] : rows[i]) {
      const size_t end = std::min(title.find("_low"), title.find("_high"));
      const std::string name = title.substr(0, end);
      const bool latency = cell["latency_us"].contains(name.substr(0, name.find("_us")));
      if (!latency && !(cell.contains(name) && cell[name].is_object())) continue;
      const auto& figure =
          latency ? cell["latency_us"][name.substr(0, name.find("_us"))] : cell[name];
      const auto& value = figure[end == std::string::npos ? "estimate" : title.substr(end + 1)];
      EXPECT_EQ(field.empty(), value.is_null()) << title;
      if (!field.empty()) EXPECT_EQ(std::strtod(field.c_str(), nullptr), value) << title;
      ++compared;
    }
    EXPECT_EQ(rows[i].at("retried"), absl::StrCat(cell["retried"].get<uint64_t>()));
    EXPECT_EQ(rows[i].at("retried"), "12345678");
  }
  EXPECT_EQ(compared, 3 * 3 * (1 + 1 + kQuantiles.size() + 3));
}

TEST_F(RatesTest, EscapesATargetThatLooksLikeAFormula) {
  const std::string csv = ToCsv(Read(StoreRates("=1+1")));
  EXPECT_NE(csv.find(",'=1+1,json,open,"), std::string::npos) << csv;
}

TEST(CampaignListTest, EscapesALabelThatLooksLikeAFormula) {
  CampaignSummary campaign;
  campaign.id = "0123456789ab";
  campaign.label = "@SUM(1,2)";
  campaign.plan = "-1";
  const std::string csv = ToCsv({campaign});
  EXPECT_NE(csv.find("\r\n0123456789ab,\"'@SUM(1,2)\",'-1,"), std::string::npos) << csv;
}

TEST_F(CampaignResultsTest, WideTableShowsRetriedRequests) {
  const CampaignRecord campaign = Store(1);
  ExecutionRecord execution = Measured(0);
  execution.set_id("again");
  execution.set_attempt(1);
  execution.mutable_loads(0)->mutable_finished()->set_retried(4321);
  ASSERT_TRUE(store_->CommitExecution(execution, {}, {}).ok());
  const CampaignResults results = Read(campaign);
  EXPECT_EQ(results.cells[0].retried, 4321);
  const std::string table = ToText(results, TextWidth::kWide);
  EXPECT_NE(table.find("retried"), std::string::npos) << table;
  EXPECT_NE(table.find(" 4321\n"), std::string::npos) << table;
}

TEST_F(CampaignResultsTest, CsvHasAHeaderAndOneRowPerCell) {
  const std::string csv = ToCsv(Read(Store(6)));
  EXPECT_EQ(csv.substr(0, csv.find(',')), "campaign");
  EXPECT_NE(csv.find("0123456789ab,epoll,json,closed,64,,0,6,0,1000,1000,1000,"), std::string::npos)
      << csv;
}

}  // namespace
}  // namespace assay::controller

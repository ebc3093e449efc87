#include "controller/results/regression.h"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "analysis/latency_histogram.h"
#include "controller/gates/gate_keeper.h"
#include "controller/plan/plan_rules.h"
#include "controller/results/campaign_results.h"
#include "controller/results/results_json.h"
#include "controller/results/results_text.h"
#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "proto/convert/histogram_proto.h"
#include "proto/results.pb.h"

namespace assay::controller {
namespace {

using ::testing::HasSubstr;

const Metric& Cpu() { return *FindMetric("server_cpu_us_per_request"); }
const Metric& Rps() { return *FindMetric("rps"); }

RatioComparison Ratio(double low, double high) {
  RatioComparison comparison;
  comparison.ratio = {.estimate = (low + high) / 2, .low = low, .high = high};
  return comparison;
}

TEST(JudgeRegressionTest, IsMissedOnlyIfTheWholeIntervalIsWorse) {
  EXPECT_TRUE(JudgeRegression(Ratio(1.06, 1.09), 5, Cpu()).missed);
  const RegressionVerdict undecided = JudgeRegression(Ratio(1.04, 1.09), 5, Cpu());
  EXPECT_FALSE(undecided.missed);
  EXPECT_FALSE(undecided.certain);
  const RegressionVerdict met = JudgeRegression(Ratio(0.5, 1.04), 5, Cpu());
  EXPECT_FALSE(met.missed);
  EXPECT_TRUE(met.certain);
}

// More requests per second are an improvement.
TEST(JudgeRegressionTest, DirectionOfTheMetricDecidesWhatIsWorse) {
  EXPECT_FALSE(JudgeRegression(Ratio(1.06, 1.09), 5, Rps()).missed);
  EXPECT_TRUE(JudgeRegression(Ratio(0.91, 0.94), 5, Rps()).missed);
  EXPECT_TRUE(JudgeRegression(Ratio(0.97, 1.02), 5, Rps()).certain);
}

TEST(JudgeRegressionTest, IsUndecidedWithoutAnInterval) {
  const RatioComparison three = CompareCampaigns({1, 2, 3}, {10, 20, 30}, Cpu(), true).value();
  EXPECT_FALSE(JudgeRegression(three, 5, Cpu()).missed);
  EXPECT_FALSE(JudgeRegression(three, 5, Cpu()).certain);
  const std::vector<double> windows = {1, 1, 1, 1, 1, 1};
  const std::vector<double> slower = {2, 2, 2, 2, 2, 2};
  EXPECT_TRUE(CompareCampaigns(windows, slower, Cpu(), true)->ratio.low.has_value());
  EXPECT_FALSE(CompareCampaigns(windows, slower, Cpu(), false)->ratio.low.has_value());
  EXPECT_EQ(CompareCampaigns({}, slower, Cpu(), true), std::nullopt);
  EXPECT_EQ(CompareCampaigns({0, 0, 0, 0, 0, 0}, slower, Cpu(), true), std::nullopt);
}

struct Made {
  double cpu_us = 10;
  std::string cpu_model = "Example 9000";
  std::string kernel = "6.1.0";
  std::string governor = "performance";
  std::string microcode = "0x1";
  std::string build_id = "aa";
  double seconds = 1;
  double warmup = 0.1;
  // More of the plan.
  std::string plan;
  std::string server_cpus = "0";
  std::string options;
  std::string path = "/json";
  // The execution has a gate that is invalid, or counts that today's rules do not accept.
  bool invalid = false;
  bool miscounted = false;
  bool judged_by_older_rules = false;
};

class RegressionTest : public ::testing::Test {
 protected:
  RegressionTest()
      : store_(*Store::Open(
            absl::StrCat(::testing::TempDir(), "/",
                         ::testing::UnitTest::GetInstance()->current_test_info()->name(), ".db"),
            Store::Mode::kWrite)),
        rules_(*LoadGateRules()) {}

  // A campaign of six executions, a day after the last one.
  CampaignRecord Add(const Made& made) {
    CampaignRecord campaign;
    EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(
        absl::StrCat("name: 'p' targets { name: 'epoll' ", made.options,
                     " } workloads { name: 'json' path: '", made.path,
                     "' } load { closed { connections: 64 duration { seconds: ", made.seconds,
                     " } } warmup { seconds: ", made.warmup, " } } blocks: 6 ", made.plan,
                     " thresholds { metric: 'server_cpu_us_per_request' regression_percent: 5 }"),
        campaign.mutable_plan()));
    *campaign.mutable_plan() = WithDefaults(campaign.plan());
    campaign.set_id(absl::StrCat("00000000000", count_));
    campaign.set_started_us(int64_t{++count_} * 86'400 * 1'000'000);
    campaign.set_status(CampaignRecord::COMPLETE);
    AgentRecord& agent = *campaign.add_agents();
    agent.add_roles(JobId::SERVER);
    agent.add_roles(JobId::LOAD);
    auto& environment = *agent.mutable_description()->mutable_environment();
    environment["cpu.model"] = made.cpu_model;
    environment["cpu.governor"] = made.governor;
    environment["cpu.microcode"] = made.microcode;
    environment["kernel.release"] = made.kernel;
    environment["kernel.boot_id"] = campaign.id();
    EXPECT_TRUE(store_->CreateCampaign(campaign).ok());
    for (int block = 0; block < 6; ++block) Commit(campaign, block, made);
    return campaign;
  }

  void Commit(const CampaignRecord& campaign, int block, const Made& made) {
    ExecutionRecord execution;
    ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(R"(
      status: MEASURED
      cell { target: "epoll" workload: "json" mode: "closed" connections: 64 }
      loads { finished { sent: 1000 ok: 1000 connections: 32 duration_ns: 1000000000 cpu_ns: 8000000
                         samples_recorded: 1000 } samples_received: 1000 }
    )",
                                                              &execution));
    execution.set_id(absl::StrCat(campaign.id(), "-", block));
    execution.set_campaign_id(campaign.id());
    execution.set_block(static_cast<uint32_t>(block));
    execution.mutable_server_ready()->set_cpus(made.server_cpus);
    execution.mutable_server_ready()->set_build_id(made.build_id);
    execution.mutable_server()->set_cpu_ns(
        static_cast<int64_t>(made.cpu_us * (1 + 0.001 * block) * 1e6));
    if (made.miscounted) execution.mutable_loads(0)->mutable_finished()->set_sent(1'001);
    GateResult& gate = *execution.add_gates();
    gate.set_name("idle_gaps");
    gate.set_verdict(made.invalid ? GateResult::INVALID : GateResult::PASS);
    gate.set_rules_version(made.judged_by_older_rules ? 1 : rules_.version());
    LatencyHistogram latency;
    for (int i = 0; i < 1000; ++i) latency.Record(int64_t{100'000});
    ToProto(latency, execution.mutable_latency());
    const absl::Status committed = store_->CommitExecution(execution, {}, {});
    ASSERT_TRUE(committed.ok()) << committed;
  }

  CampaignResults Read(const CampaignRecord& campaign) {
    absl::StatusOr<CampaignResults> results = ReadResults(*store_, rules_, campaign);
    EXPECT_TRUE(results.ok()) << results.status();
    return *std::move(results);
  }

  // The campaign that the threshold of `campaign` is compared with.
  std::string ComparedWith(const CampaignRecord& campaign) {
    return JudgeThresholds(Read(campaign)).at(0).compared_with;
  }

  std::unique_ptr<Store> store_;
  GateRules rules_;
  int count_ = 0;
};

TEST_F(RegressionTest, ComparesWithTheLatestEarlierCampaign) {
  const CampaignRecord first = Add({.cpu_us = 9});
  const CampaignRecord second = Add({.cpu_us = 10});
  const CampaignRecord third = Add({.cpu_us = 10.8});
  EXPECT_EQ(ComparedWith(third), second.id());
  // Showing an older campaign again must not change its result.
  EXPECT_EQ(ComparedWith(second), first.id());
  const CampaignResults results = Read(third);
  const ThresholdResult judged = JudgeThresholds(results).at(0);
  EXPECT_FALSE(judged.met);
  EXPECT_NEAR(judged.regression->ratio.estimate, 1.08, 1e-6);
  EXPECT_THAT(ToText(results, TextWidth::kWide),
              HasSubstr("threshold missed: server_cpu_us_per_request of epoll json 64 connections "
                        "differs by +8.0 %"));
  const auto json = ToJson(results)["thresholds"][0];
  EXPECT_EQ(json["compared_with"], second.id());
  EXPECT_EQ(json["regression_percent"], 5);
  EXPECT_NEAR(json["ratio"]["estimate"].get<double>(), 1.08, 1e-6);
}

TEST_F(RegressionTest, SmallChangeMeetsTheThresholdAndIsShown) {
  Add({.cpu_us = 10});
  const CampaignResults results = Read(Add({.cpu_us = 10.2}));
  EXPECT_TRUE(JudgeThresholds(results).at(0).met);
  EXPECT_TRUE(JudgeThresholds(results).at(0).certain);
  EXPECT_THAT(ToText(results, TextWidth::kWide), HasSubstr("threshold met: "));
}

// Without a campaign to compare with, nothing became slower.
TEST_F(RegressionTest, FirstCampaignIsNotMissedAndSaysSo) {
  const CampaignResults results = Read(Add({}));
  const ThresholdResult judged = JudgeThresholds(results).at(0);
  EXPECT_TRUE(judged.met);
  EXPECT_FALSE(judged.certain);
  EXPECT_THAT(ToText(results, TextWidth::kWide),
              HasSubstr("the store has no comparable earlier campaign"));
  EXPECT_TRUE(ToJson(results)["thresholds"][0]["compared_with"].is_null());
}

// Each of these changes the figure for another reason than the server's code.
TEST_F(RegressionTest, CampaignsThatDifferInTheirConditionsAreNotCompared) {
  const std::string usual = Add({}).id();
  EXPECT_EQ(ComparedWith(Add({.cpu_model = "Example 9001"})), "");
  EXPECT_EQ(ComparedWith(Add({.server_cpus = "2"})), "");
  EXPECT_EQ(ComparedWith(Add({.options = "options { key: 'threads' value: '2' }"})), "");
  EXPECT_EQ(ComparedWith(Add({.path = "/plaintext"})), "");
  EXPECT_EQ(ComparedWith(Add({.kernel = "6.2.0"})), "");
  EXPECT_EQ(ComparedWith(Add({.governor = "powersave"})), "");
  EXPECT_EQ(ComparedWith(Add({.seconds = 2})), "");
  EXPECT_EQ(ComparedWith(Add({.warmup = 0.5})), "");
  EXPECT_EQ(ComparedWith(Add({.invalid = true})), usual);
  EXPECT_EQ(ComparedWith(Add({})), usual) << "an invalid campaign is no baseline";
}

// Short slots include more of the caches' filling.
TEST_F(RegressionTest, CampaignsWithOtherSlotsAreNotCompared) {
  const std::string two = "targets { name: 'hyper' }";
  const std::string usual = Add({.plan = two}).id();
  EXPECT_EQ(ComparedWith(Add({.plan = two + " interleave { slot { seconds: 0.1 } }"})), "");
  EXPECT_EQ(ComparedWith(Add({.plan = two + " targets { name: 'other' }"})), "");
  EXPECT_EQ(ComparedWith(Add({.plan = two})), usual);
}

// The server's build is what the threshold is about; the microcode may explain a difference that is not the server's.
TEST_F(RegressionTest, SaysWhatChangedSinceTheCampaignThatItIsComparedWith) {
  Add({});
  const CampaignResults same = Read(Add({}));
  EXPECT_THAT(ToText(same, TextWidth::kWide),
              HasSubstr("nothing that is recorded of server and hosts changed since then"));
  const CampaignResults results = Read(Add({.microcode = "0x2", .build_id = "bb"}));
  EXPECT_THAT(ToText(results, TextWidth::kWide),
              HasSubstr("from campaign 000000000001 and may be worse by at most 5 %; changed since "
                        "then: server build id: aa -> bb; server cpu.microcode: 0x1 -> 0x2\n"));
  const auto changes = ToJson(results)["thresholds"][0]["condition_changes"];
  ASSERT_EQ(changes.size(), 2);
  EXPECT_EQ(changes[0]["of"], "server");
  EXPECT_EQ(changes[1]["of"], "hosts");
  EXPECT_EQ(changes[1]["after"], "0x2");
}

// Otherwise a campaign would be a baseline that `show` calls invalid, or the other way round.
TEST_F(RegressionTest, EarlierCampaignsAreJudgedByTodaysRules) {
  const std::string sound = Add({.invalid = true, .judged_by_older_rules = true}).id();
  EXPECT_EQ(ComparedWith(Add({.miscounted = true, .judged_by_older_rules = true})), sound);
  EXPECT_EQ(ComparedWith(Add({})), sound) << "its requests do not add up";
}

}  // namespace
}  // namespace assay::controller

// Tests of capacities from stored executions.

#include "controller/results/capacity.h"

#include <gtest/gtest.h>

#include <string>

#include "analysis/gates.h"
#include "controller/plan/cells.h"
#include "controller/results/capacity_output.h"
#include "controller/results/results_json.h"
#include "controller/results/results_text.h"
#include "controller/results/search_fixture.h"

namespace assay::controller {
namespace {

using Kind = RateEvidence::Kind;

class CapacityTest : public SearchFixture {
 protected:
  // What an execution at some rate shows. `gate` with a value is added to its gates.
  SearchExecution Judged(const Shown& shown, const std::string& gate = "", double value = 0) {
    ExecutionRecord execution = RecordOf(campaign_, "epoll", 0, 0, 1'000, shown);
    if (!gate.empty()) AddGate(execution, gate, value);
    return SearchExecutionOf(campaign_.plan().load().find(), execution);
  }

  const CampaignRecord campaign_ = Campaign(1, "", "ba9876543210");
};

TEST_F(CapacityTest, ARateIsMetIfTheMetricAndTheGatesSaySo) {
  const SearchExecution met = Judged({.latency_us = 4'900});
  EXPECT_EQ(met.evidence.kind, Kind::kMet) << met.evidence.why;
  EXPECT_NEAR(met.value->estimate, 4'900, 10);
  const SearchExecution slow = Judged({.latency_us = 5'100});
  EXPECT_EQ(slow.evidence.kind, Kind::kMissed);
  EXPECT_NE(slow.evidence.why.find("p99_us is 51"), std::string::npos) << slow.evidence.why;
  // The latency of the requests that got a response is no excuse for the others.
  EXPECT_EQ(Judged({.delivered = 0.985}).evidence.kind, Kind::kMissed);
  EXPECT_EQ(Judged({.delivered = 0.992}).evidence.kind, Kind::kMet);
  EXPECT_EQ(Judged({}, "errors", 0.002).evidence.kind, Kind::kMissed);
  EXPECT_EQ(Judged({}, "errors", 0.0005).evidence.kind, Kind::kMet);
  EXPECT_EQ(Judged({}, "wrong_responses", 0.1).evidence.kind, Kind::kMissed);
  EXPECT_EQ(Judged({}, "queue_overflow", 3).evidence.kind, Kind::kMissed);
}

// The server is not blamed for what the load generator may have caused.
TEST_F(CapacityTest, AFullLoadGeneratorIsItsOwnLimit) {
  EXPECT_EQ(Judged({.generator_share = 0.99}).evidence.kind, Kind::kGeneratorLimit);
  EXPECT_EQ(Judged({.latency_us = 9'000, .generator_share = 0.99}).evidence.kind,
            Kind::kGeneratorLimit);
  EXPECT_EQ(Judged({.latency_us = 9'000, .generator_share = 0.93}).evidence.kind,
            Kind::kGeneratorLimit);
  EXPECT_EQ(Judged({.delivered = 0.5, .generator_share = 0.93}).evidence.kind,
            Kind::kGeneratorLimit);
  EXPECT_EQ(Judged({.latency_us = 900, .generator_share = 0.93}).evidence.kind, Kind::kMet);
}

TEST_F(CapacityTest, ADisturbedOrFailedExecutionIsNoEvidence) {
  EXPECT_EQ(Judged({.foreign_cpu = 0.5}).evidence.kind, Kind::kNone);
  const SearchExecution disturbed = Judged({.latency_us = 9'000, .foreign_cpu = 0.5});
  EXPECT_EQ(disturbed.evidence.kind, Kind::kNone);
  EXPECT_EQ(disturbed.evidence.why.find("foreign_cpu is 0.5"), 0) << disturbed.evidence.why;
  EXPECT_EQ(Judged({.latency_us = 9'000}, "generator_delayed", 0.1).evidence.kind, Kind::kNone);
  EXPECT_EQ(Judged({}, "generator_delayed", 0.1).evidence.kind, Kind::kMet);
  EXPECT_EQ(Judged({.failure = "it crashed"}).evidence.kind, Kind::kNone);
  EXPECT_NE(Judged({.failure = "it crashed"}).evidence.why.find("it crashed"), std::string::npos);

  ExecutionRecord unread = RecordOf(campaign_, "epoll", 0, 0, 1'000, {});
  unread.mutable_gates(1)->set_verdict(GateResult::UNREADABLE);
  EXPECT_EQ(SearchExecutionOf(campaign_.plan().load().find(), unread).evidence.kind, Kind::kNone);

  FindCapacity rare = campaign_.plan().load().find();
  rare.set_metric("p9999_us");
  const SearchExecution few =
      SearchExecutionOf(rare, RecordOf(campaign_, "epoll", 0, 0, 1'000, {}));
  EXPECT_EQ(few.evidence.kind, Kind::kNone);
  EXPECT_EQ(few.evidence.why, "1000 requests are too few for p9999_us");
  rare.set_metric("mean_us");
  EXPECT_EQ(SearchExecutionOf(rare, RecordOf(campaign_, "epoll", 0, 0, 1'000, {})).evidence.kind,
            Kind::kMet);
}

TEST_F(CapacityTest, TheCapacityIsTheMedianOverBlocksWithItsInterval) {
  const CampaignRecord campaign = Campaign(6, "thresholds { metric: 'capacity_rps' min: 48000 }");
  uint32_t executions = 0;
  for (uint32_t block = 0; block < 6; ++block)
    executions += StoreSearch(campaign, "epoll", block, WithKnee(50'000 + 1'000 * block));
  const CampaignResults results = Read(campaign);
  ASSERT_EQ(results.capacity.size(), 1);
  const CapacityResult& capacity = results.capacity[0];
  EXPECT_EQ(capacity.confirmed, 6);
  EXPECT_EQ(capacity.ended, 6);
  EXPECT_FALSE(capacity.at_least);
  EXPECT_NEAR(capacity.capacity->estimate, 52'500, 1'500);
  EXPECT_NEAR(*capacity.capacity->low, 50'000, 1'500);
  EXPECT_NEAR(*capacity.capacity->high, 55'000, 1'500);
  EXPECT_EQ(results.finished_blocks, 6);

  // A cell holds the executions that confirmed, not the hundred others.
  ASSERT_EQ(results.cells.size(), 1);
  ASSERT_EQ(results.cells[0].executions.size(), 6);
  EXPECT_GT(executions, 60);
  EXPECT_EQ(results.cells[0].executions[0].id, capacity.blocks[0].confirmed_by);
  EXPECT_EQ(results.cells[0].executions[0].capacity_rps, capacity.blocks[0].result.confirmed);
  EXPECT_NEAR(MetricOf(results.cells[0], "capacity_rps")->estimate, 52'500, 1'500);
  ASSERT_EQ(JudgeThresholds(results).size(), 1);
  EXPECT_TRUE(JudgeThresholds(results)[0].met);

  const auto json = ToJson(results);
  EXPECT_EQ(json["capacity"][0]["estimate"], capacity.capacity->estimate);
  EXPECT_EQ(json["capacity"][0]["limited_by"], nlohmann::ordered_json({{"objective", 6}}));
  EXPECT_EQ(json["capacity"][0]["objective"]["max"], 5'000);
  EXPECT_EQ(json["cells"][0]["mode"], "find");
  EXPECT_EQ(json["cells"][0]["level"]["connections"], 64);
  const std::string text = ToText(results);
  EXPECT_NE(text.find("p99_us <= 5000"), std::string::npos) << text;
  EXPECT_NE(text.find("6 of 6"), std::string::npos) << text;
  EXPECT_EQ(text.find("probe"), std::string::npos) << text;
  const std::string wide = ToText(results, TextWidth::kWide);
  EXPECT_NE(wide.find("probe"), std::string::npos) << wide;
  EXPECT_NE(wide.find("missed"), std::string::npos) << wide;
  EXPECT_NE(ToCsv(results).find("capacity_rps"), std::string::npos);
}

TEST_F(CapacityTest, TheLoadGeneratorsLimitIsALowerBoundWithoutInterval) {
  const CampaignRecord campaign = Campaign(6, "thresholds { metric: 'capacity_rps' min: 70000 }");
  for (uint32_t block = 0; block < 6; ++block) {
    StoreSearch(campaign, "epoll", block, [](const SearchStep& step) {
      return Shown{.generator_share = step.rate_per_s <= 60'000 ? 0.7 : 0.99};
    });
  }
  const CampaignResults results = Read(campaign);
  const CapacityResult& capacity = results.capacity[0];
  EXPECT_TRUE(capacity.at_least);
  EXPECT_NEAR(capacity.capacity->estimate, 60'000, 2'000);
  EXPECT_EQ(capacity.capacity->high, std::nullopt);
  EXPECT_EQ(CapacityText(capacity).find("at least "), 0);
  const std::string text = ToText(results);
  EXPECT_NE(text.find("the load generator was the limit"), std::string::npos) << text;
  // Compared with other servers it would be a figure of the generator.
  EXPECT_EQ(results.cells[0].executions[0].capacity_rps, std::nullopt);
  // The server may well take 70,000 a second.
  const ThresholdResult threshold = JudgeThresholds(results)[0];
  EXPECT_TRUE(threshold.met);
  EXPECT_FALSE(threshold.certain);
  EXPECT_NE(text.find("threshold not decided"), std::string::npos) << text;
}

TEST_F(CapacityTest, AServerThatMeetsTheObjectiveAtNoRateHasNone) {
  const CampaignRecord campaign = Campaign(1, "verdict: NONE");
  StoreSearch(campaign, "epoll", 0, WithKnee(0));
  const CampaignResults results = Read(campaign);
  EXPECT_EQ(results.capacity[0].confirmed, 0);
  EXPECT_EQ(results.capacity[0].ended, 1);
  EXPECT_EQ(CapacityText(results.capacity[0]), "none");
  EXPECT_NE(ToText(results).find("no rate met the objective"), std::string::npos);
  EXPECT_EQ(results.finished_blocks, 1);
}

TEST_F(CapacityTest, FailuresEndASearchWithTheirReason) {
  const CampaignRecord campaign = Campaign(1, "verdict: NONE");
  StoreSearch(campaign, "epoll", 0,
              [](const SearchStep&) { return Shown{.failure = "no such file"}; });
  const CampaignResults results = Read(campaign);
  EXPECT_EQ(CapacityText(results.capacity[0]), "n/a");
  EXPECT_EQ(LimitsOf(results.capacity[0]).count("no_evidence"), 1);
  EXPECT_NE(ToText(results).find("no such file"), std::string::npos);
  EXPECT_EQ(results.cells[0].failed, 1);
}

// Nothing was found because of the gate, so the command must not end as if all were well.
TEST_F(CapacityTest, AnInvalidGateThatEndsASearchInvalidatesTheResult) {
  const CampaignRecord campaign = Campaign(1, "verdict: NONE");
  StoreSearch(campaign, "epoll", 0, [](const SearchStep&) { return Shown{.foreign_cpu = 0.5}; });
  const CampaignResults results = Read(campaign);
  EXPECT_TRUE(results.cells[0].executions.empty());
  EXPECT_TRUE(results.invalid());
}

// Disturbances above the confirmed rate leave a lower bound.
TEST_F(CapacityTest, AnInvalidGateAboveTheConfirmedRateLeavesALowerBound) {
  const CampaignRecord campaign = Campaign(1, "verdict: NONE");
  StoreSearch(campaign, "epoll", 0, [](const SearchStep& step) {
    return Shown{.foreign_cpu = step.rate_per_s > 10'000 ? 0.5 : 0};
  });
  const CampaignResults results = Read(campaign);
  EXPECT_FALSE(results.invalid());
  EXPECT_EQ(CapacityText(results.capacity[0]), "at least 8,000/s");
  EXPECT_NE(ToText(results).find("foreign_cpu"), std::string::npos);
}

// What `resume` does: the stored executions give the same state.
TEST_F(CapacityTest, ASearchGoesOnFromItsStoredExecutions) {
  const CampaignRecord campaign = Campaign(2, "verdict: NONE");
  const Server server = WithKnee(33'000);
  const uint32_t all = StoreSearch(campaign, "epoll", 0, server);
  StoreSearch(campaign, "epoll", 1, server, /*most=*/9);
  auto stored = StoredSearches::Read(*store_, campaign);
  ASSERT_TRUE(stored.ok()) << stored.status();
  const Cell cell = CellsOf(campaign.plan())[0];
  std::vector<SearchExecution>& first = stored->Of(cell, 0);
  std::vector<SearchExecution>& second = stored->Of(cell, 1);
  EXPECT_EQ(first.size(), all);
  EXPECT_EQ(second.size(), 9);
  EXPECT_EQ(stored->NextPosition(1), 9);
  const auto whole = ReplaySearch(campaign.plan(), first);
  ASSERT_TRUE(whole.ok()) << whole.status();
  EXPECT_FALSE(whole->Next().has_value());
  const auto part = ReplaySearch(campaign.plan(), second);
  ASSERT_TRUE(part.ok()) << part.status();
  ASSERT_TRUE(part->Next().has_value());
  EXPECT_EQ(part->Next()->rate_per_s, first[9].rate_per_s);
  EXPECT_TRUE(first.back().full_length);

  const CampaignResults results = Read(campaign);
  EXPECT_EQ(results.capacity[0].ended, 1);
  EXPECT_EQ(results.finished_blocks, 1);
  EXPECT_NE(ToText(results).find("has not ended after 9 executions"), std::string::npos);
}

TEST_F(CapacityTest, ExecutionsThatAreNoSearchAreReportedAsSuch) {
  const CampaignRecord campaign = Campaign(1, "verdict: NONE");
  const ExecutionRecord other = RecordOf(campaign, "epoll", 0, 0, 1'234, {});
  ASSERT_TRUE(store_->CommitExecution(other, {}, {}).ok());
  const CampaignResults results = Read(campaign);
  EXPECT_EQ(results.capacity[0].ended, 0);
  // Wide text has no line breaks within a sentence.
  const std::string text = ToText(results, TextWidth::kWide);
  EXPECT_NE(text.find("is not what this version's search makes"), std::string::npos) << text;
}

}  // namespace
}  // namespace assay::controller

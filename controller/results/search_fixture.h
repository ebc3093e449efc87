#ifndef ASSAY_CONTROLLER_RESULTS_SEARCH_FIXTURE_H_
#define ASSAY_CONTROLLER_RESULTS_SEARCH_FIXTURE_H_

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "analysis/latency_histogram.h"
#include "controller/gates/gate_keeper.h"
#include "controller/plan/capacity_search.h"
#include "controller/plan/plan_rules.h"
#include "controller/results/campaign_results.h"
#include "controller/store/store.h"
#include "google/protobuf/text_format.h"
#include "proto/convert/histogram_proto.h"

namespace assay::controller {

// Campaigns with load.find in a store of their own, whose servers are simulated.
class SearchFixture : public ::testing::Test {
 protected:
  SearchFixture() : store_(*Store::Open(Path(), Store::Mode::kWrite)), rules_(*LoadGateRules()) {}

  static std::string Path() {
    return absl::StrCat(::testing::TempDir(), "/",
                        ::testing::UnitTest::GetInstance()->current_test_info()->name(), ".db");
  }

  // What a simulated server shows in one execution.
  struct Shown {
    int64_t latency_us = 100;
    double delivered = 1;
    double generator_share = 0.5;
    double foreign_cpu = 0;
    std::string failure;
  };
  using Server = std::function<Shown(const SearchStep&)>;
  // Misses the objective of the plans of this fixture above the knee.
  static Server WithKnee(double knee) {
    return [knee](const SearchStep& step) {
      return Shown{.latency_us = step.rate_per_s <= knee ? 900 : 6'000};
    };
  }

  // The objective is a p99 of at most 5 ms. `more`: further fields of the plan.
  CampaignRecord Campaign(uint32_t blocks, const std::string& more = "",
                          const std::string& id = "0123456789ab") {
    CampaignRecord campaign;
    EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(
        absl::StrCat(
            "name: 'p' targets { name: 'epoll' } workloads { name: 'json' path: '/json' } "
            "load { find { metric: 'p99_us' max: 5000 duration { seconds: 2 } } } blocks: ",
            blocks, " ", more),
        campaign.mutable_plan()));
    EXPECT_TRUE(Validate(campaign.plan()).ok()) << Validate(campaign.plan());
    *campaign.mutable_plan() = WithDefaults(campaign.plan());
    campaign.set_id(id);
    campaign.set_started_us(1);
    campaign.set_status(CampaignRecord::COMPLETE);
    const absl::Status created = store_->CreateCampaign(campaign);
    EXPECT_TRUE(created.ok()) << created;
    return campaign;
  }

  void AddGate(ExecutionRecord& execution, const std::string& name, double value) const {
    const GateRule& rule = *rules_.Find(name);
    *execution.add_gates() =
        ToResult(rules_, JudgeFigure(rule, value, ComparisonVerdict::kWanted), "an execution");
  }

  ExecutionRecord RecordOf(const CampaignRecord& campaign, const std::string& target,
                           uint32_t block, uint32_t position, double rate,
                           const Shown& shown) const {
    ExecutionRecord execution;
    EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(
        "status: MEASURED cell { workload: 'json' mode: 'open' } server { cpu_ns: 9000000 } "
        "loads { finished { sent: 1000 ok: 1000 connections: 64 duration_ns: 1000000000 } }",
        &execution));
    execution.set_id(absl::StrCat(campaign.id(), "-", target, "-", block, "-", position));
    execution.set_campaign_id(campaign.id());
    execution.mutable_cell()->set_target(target);
    execution.mutable_cell()->set_rate_per_s(rate);
    execution.set_block(block);
    execution.set_position(position);
    LatencyHistogram latency;
    for (int i = 0; i < 1000; ++i) latency.Record(shown.latency_us * 1000);
    ToProto(latency, execution.mutable_latency());
    if (!shown.failure.empty()) {
      execution.set_status(ExecutionRecord::FAILED);
      execution.mutable_failure()->mutable_failure()->set_message(shown.failure);
      return execution;
    }
    AddGate(execution, "load_not_delivered", shown.delivered);
    AddGate(execution, "generator_saturated", shown.generator_share);
    AddGate(execution, "foreign_cpu", shown.foreign_cpu);
    return execution;
  }

  // Stores the executions that a search makes of a server, the first `most` of them. Returns their number.
  uint32_t StoreSearch(const CampaignRecord& campaign, const std::string& target, uint32_t block,
                       const Server& server, uint32_t most = 1'000) {
    CapacitySearch search(SearchRulesOf(campaign.plan()));
    uint32_t position = 0;
    std::map<double, uint32_t> attempts;
    while (search.Next().has_value() && position < most) {
      const SearchStep step = *search.Next();
      ExecutionRecord execution =
          RecordOf(campaign, target, block, position++, step.rate_per_s, server(step));
      execution.set_attempt(attempts[step.rate_per_s]++);
      search.Record(SearchExecutionOf(campaign.plan().load().find(), execution).evidence);
      const absl::Status committed = store_->CommitExecution(execution, {}, {});
      EXPECT_TRUE(committed.ok()) << committed;
    }
    return position;
  }

  CampaignResults Read(const CampaignRecord& campaign) {
    absl::StatusOr<CampaignResults> results = ReadResults(*store_, rules_, campaign);
    EXPECT_TRUE(results.ok()) << results.status();
    return *std::move(results);
  }

  std::unique_ptr<Store> store_;
  GateRules rules_;
};

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_RESULTS_SEARCH_FIXTURE_H_

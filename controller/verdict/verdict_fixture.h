#ifndef ASSAY_CONTROLLER_VERDICT_VERDICT_FIXTURE_H_
#define ASSAY_CONTROLLER_VERDICT_VERDICT_FIXTURE_H_

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "analysis/gates.h"
#include "analysis/latency_histogram.h"
#include "controller/gates/gate_keeper.h"
#include "controller/plan/plan_rules.h"
#include "controller/results/campaign_results.h"
#include "controller/store/store.h"
#include "controller/verdict/campaign_verdict.h"
#include "google/protobuf/text_format.h"
#include "proto/convert/histogram_proto.h"

namespace assay::controller {

inline constexpr char kFirstId[] = "0123456789ab";
inline constexpr char kSecondId[] = "ba9876543210";

// Campaigns of hand-made executions in a store of their own.
class VerdictFixture : public ::testing::Test {
 protected:
  // What a test states about an execution; the rest is the same for all.
  struct Made {
    std::string target;
    uint32_t block = 0;
    // Server CPU time per request.
    double cpu_us = 10;
    uint32_t connections = 64;
    double rps = 1000;
    int64_t latency_us = 100;
    // Share of the server's one CPU; 0: not known.
    double busy = 0;
    // Text of more fields of the record.
    std::string more;
  };

  VerdictFixture() : store_(*Store::Open(Path(), Store::Mode::kWrite)), rules_(*LoadGateRules()) {}

  static std::string Path() {
    return absl::StrCat(::testing::TempDir(), "/",
                        ::testing::UnitTest::GetInstance()->current_test_info()->name(), ".db");
  }

  // A campaign with this plan, without executions. `plan`: more fields, such as targets.
  CampaignRecord Campaign(const std::string& plan, uint32_t blocks,
                          const std::string& id = kFirstId, const std::string& connections = "64") {
    CampaignRecord campaign;
    EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(
        absl::StrCat("name: 'p' workloads { name: 'json' path: '/json' } load { closed { "
                     "connections: [",
                     connections, "] duration { seconds: 1 } } } blocks: ", blocks, " ", plan),
        campaign.mutable_plan()));
    *campaign.mutable_plan() = WithDefaults(campaign.plan());
    campaign.set_id(id);
    campaign.set_started_us(1);
    campaign.set_status(CampaignRecord::COMPLETE);
    const absl::Status created = store_->CreateCampaign(campaign);
    EXPECT_TRUE(created.ok()) << created;
    return campaign;
  }

  static ExecutionRecord RecordOf(const CampaignRecord& campaign, const Made& made) {
    ExecutionRecord execution;
    constexpr double kRequests = 1000;
    const auto cpu_ns = static_cast<int64_t>(made.cpu_us * 1000 * kRequests);
    EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(
        "status: MEASURED cell { workload: 'json' mode: 'closed' } server { rss_bytes: 4000000 } "
        "loads { finished { sent: 1000 ok: 1000 connections: 64 duration_ns: 1000000000 "
        "cpu_ns: 8000000 } }",
        &execution));
    ExecutionRecord more;
    EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(made.more, &more));
    execution.MergeFrom(more);
    execution.set_id(
        absl::StrCat(campaign.id(), "-", made.target, "-", made.connections, "-", made.block));
    execution.set_campaign_id(campaign.id());
    execution.set_block(made.block);
    execution.mutable_cell()->set_target(made.target);
    execution.mutable_cell()->set_connections(made.connections);
    execution.mutable_server()->set_cpu_ns(cpu_ns);
    if (made.busy > 0) {
      execution.mutable_server()->set_actual_cpus("0");
      execution.mutable_server()->set_window_ns(
          static_cast<int64_t>(static_cast<double>(cpu_ns) / made.busy));
    }
    execution.mutable_loads(0)->mutable_finished()->set_ok_in_window(
        static_cast<uint64_t>(made.rps));
    LatencyHistogram latency;
    for (int i = 0; i < 1000; ++i) latency.Record(made.latency_us * 1000);
    ToProto(latency, execution.mutable_latency());
    return execution;
  }

  void Add(const CampaignRecord& campaign, const Made& made,
           const std::vector<LoadInterval>& intervals = {}) {
    const absl::Status committed = store_->CommitExecution(RecordOf(campaign, made), {}, intervals);
    EXPECT_TRUE(committed.ok()) << committed;
  }

  // One execution per block with these figures.
  void AddBlocks(const CampaignRecord& campaign, const std::string& target,
                 const std::vector<double>& cpu_us, uint32_t connections = 64) {
    for (size_t block = 0; block < cpu_us.size(); ++block) {
      Add(campaign, {.target = target,
                     .block = static_cast<uint32_t>(block),
                     .cpu_us = cpu_us[block],
                     .connections = connections});
    }
  }

  CampaignResults Read(const CampaignRecord& campaign) {
    absl::StatusOr<CampaignResults> results = ReadResults(*store_, rules_, campaign);
    EXPECT_TRUE(results.ok()) << results.status();
    return *std::move(results);
  }

  CampaignVerdict Compared(const CampaignRecord& campaign, const std::string& baseline = "") {
    absl::StatusOr<CampaignVerdict> verdict =
        CompareCampaign(*store_, rules_, Read(campaign), baseline);
    EXPECT_TRUE(verdict.ok()) << verdict.status();
    return *std::move(verdict);
  }

  // The comparison in a metric; fails the test if there is none.
  static Comparison In(const std::vector<Comparison>& all, const std::string& metric) {
    for (const Comparison& one : all) {
      if (one.metric->name == metric) return one;
    }
    ADD_FAILURE() << "no comparison in " << metric;
    return {.metric = FindMetric(metric)};
  }

  std::unique_ptr<Store> store_;
  GateRules rules_;
};

// docs/measurement.md, known answer 3.
inline const std::vector<double> kKnownA = {100, 102, 98, 101, 99, 100};
inline const std::vector<double> kKnownB = {110, 113, 107, 112, 108, 110};
inline constexpr char kTwoTargets[] = "targets { name: 'epoll' } targets { name: 'hyper' }";
inline constexpr char kWithControl[] =
    "targets { name: 'epoll' } targets { name: 'hyper' } targets { name: 'epoll' label: 'again' }";

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_VERDICT_VERDICT_FIXTURE_H_

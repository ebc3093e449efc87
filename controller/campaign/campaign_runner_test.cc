// Tests of whole campaigns with real agents, servers and load generators on this machine. The assertions hold on any
// machine, however slow; no test depends on a measured value.

#include "controller/campaign/campaign_runner.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "analysis/latency_histogram.h"
#include "analysis/sample_codec.h"
#include "common/testing/manual_clock.h"
#include "common/testing/wait_until.h"
#include "controller/campaign/campaign_fixture.h"
#include "controller/clients/fake_agent.h"
#include "controller/gates/gate_keeper.h"
#include "controller/plan/capacity_search.h"
#include "controller/plan/cells.h"
#include "controller/plan/interleaving.h"
#include "controller/results/campaign_results.h"
#include "google/protobuf/unknown_field_set.h"
#include "proto/agent.pb.h"
#include "proto/convert/histogram_proto.h"
#include "proto/convert/sample_chunk.h"

namespace assay::controller {
namespace {

constexpr char kSmallPlan[] = R"(
  name: "small"
  targets { name: "epoll" }
  workloads { name: "json" path: "/json" }
  load { closed { connections: [6] duration { seconds: 1 } } warmup { seconds: 0.05 } }
  blocks: 2
)";

// A clock on which every wait ends at once and advances the time by its length.
class JumpingClock : public ManualClock {
 public:
  bool AwaitUntil(absl::Mutex& mutex, const absl::Condition& condition,
                  int64_t monotonic_ns) override {
    SleepUntil(monotonic_ns);
    return ManualClock::AwaitUntil(mutex, condition, monotonic_ns);
  }
};

class CampaignRunnerTest : public CampaignFixture {
 protected:
  CampaignRunnerTest() : rules_(*LoadGateRules()) {}

  CampaignRunner Runner() { return {*pool_, *store_, rules_, unhurried_, Progress::Style::kQuiet}; }

  std::vector<ExecutionRecord> Executions(const CampaignRecord& campaign) {
    absl::StatusOr<std::vector<ExecutionRecord>> executions = store_->Executions(campaign.id());
    EXPECT_TRUE(executions.ok()) << executions.status();
    return *std::move(executions);
  }

  // The decoded samples of an execution in the store.
  struct StoredSamples {
    uint64_t ok = 0;
    uint64_t others = 0;
    // Of the samples with outcome OK.
    LatencyHistogram latency;
  };
  StoredSamples ReadSamples(const std::string& execution_id) {
    StoredSamples stored;
    std::vector<Sample> samples;
    const absl::Status read =
        store_->ReadChunks(execution_id, [&](uint32_t, const SampleChunk& chunk) -> absl::Status {
          samples.clear();
          const absl::Status decoding = DecodeChunk(chunk, &samples);
          for (const Sample& sample : samples) {
            if (sample.outcome == SampleOutcome::kOk) stored.latency.Record(sample.latency_ns);
            ++(sample.outcome == SampleOutcome::kOk ? stored.ok : stored.others);
          }
          return decoding;
        });
    EXPECT_TRUE(read.ok()) << read;
    return stored;
  }

  // Whether the store holds an execution of the newest campaign.
  bool HasExecution() {
    const auto campaigns = store_->ListCampaigns();
    return campaigns.ok() && !campaigns->empty() && campaigns->front().executions > 0;
  }

  GateRules rules_;
  // The runner waits for a busy machine to become quiet, up to eight times in each campaign. Here these waits take no
  // time.
  JumpingClock pauses_;
  Interruption unhurried_{pauses_};
};

TEST_F(CampaignRunnerTest, RunsServerAndLoadOnOneAgentAndStoresEverySample) {
  StartAgents(1);
  const auto campaign = Runner().Run(PlanOf(kSmallPlan), "", "");
  ASSERT_TRUE(campaign.ok()) << campaign.status();
  EXPECT_EQ(campaign->status(), CampaignRecord::COMPLETE) << campaign->status_reason();
  const std::vector<ExecutionRecord> executions = Executions(*campaign);
  ASSERT_EQ(executions.size(), 2);
  for (const ExecutionRecord& execution : executions) {
    ASSERT_EQ(execution.status(), ExecutionRecord::MEASURED)
        << execution.failure().ShortDebugString();
    const LoadFinished& finished = execution.loads(0).finished();
    EXPECT_GT(finished.ok(), 0);
    EXPECT_EQ(finished.sent(),
              finished.ok() + finished.errors() + finished.timeouts() + finished.in_flight());
    EXPECT_GT(execution.server().cpu_ns(), 0);
    EXPECT_GT(execution.server().rss_bytes(), 0);
    // Each finished request is one sample, which the load generator recorded or lost.
    EXPECT_GT(finished.samples_recorded(), 0);
    EXPECT_EQ(finished.samples_recorded() + finished.samples_lost(),
              finished.ok() + finished.errors() + finished.timeouts());
    // All recorded samples were received and are in the store.
    EXPECT_EQ(execution.loads(0).samples_received(), finished.samples_recorded());
    const StoredSamples stored = ReadSamples(execution.id());
    EXPECT_EQ(stored.ok + stored.others, finished.samples_recorded());
    // The counts of requests and the samples are transferred separately.
    if (finished.samples_lost() == 0) {
      EXPECT_EQ(stored.ok, finished.ok());
      EXPECT_EQ(stored.others, finished.errors() + finished.timeouts());
    }
    EXPECT_EQ(stored.latency.count(), stored.ok);
    EXPECT_FALSE(execution.gates().empty());
  }
}

// Every percentile over several hosts comes from the merged histogram.
TEST_F(CampaignRunnerTest, MergesTheHistogramsOfTwoLoadAgentsIntoThatOfAllSamples) {
  StartAgents(3);
  const auto campaign = Runner().Run(PlanOf(kSmallPlan), "", "");
  ASSERT_TRUE(campaign.ok()) << campaign.status();
  const std::vector<ExecutionRecord> executions = Executions(*campaign);
  ASSERT_EQ(executions.size(), 2);
  for (const ExecutionRecord& execution : executions) {
    ASSERT_EQ(execution.status(), ExecutionRecord::MEASURED)
        << execution.failure().ShortDebugString();
    ASSERT_EQ(execution.loads_size(), 2);
    LatencyHistogram sum;
    for (const LoadRecord& load : execution.loads()) {
      ASSERT_EQ(load.finished().samples_lost(), 0);
      sum.Merge(*FromProto(load.finished().latency()));
    }
    const LatencyHistogram merged = *FromProto(execution.latency());
    EXPECT_GT(merged.count(), 0);
    EXPECT_EQ(merged, sum);
    EXPECT_EQ(merged, ReadSamples(execution.id()).latency);
  }
}

// Both agents use the clock of this machine, so the true skew is known.
TEST_F(CampaignRunnerTest, TheStartSkewOfTwoLoadAgentsIsBelowItsBound) {
  StartAgents(3);
  const auto campaign = Runner().Run(PlanOf(kSmallPlan), "", "");
  ASSERT_TRUE(campaign.ok()) << campaign.status();
  const std::vector<ExecutionRecord> executions = Executions(*campaign);
  ASSERT_EQ(executions.size(), 2);
  for (const ExecutionRecord& execution : executions) {
    ASSERT_EQ(execution.loads_size(), 2);
    const LoadRecord& a = execution.loads(0);
    const LoadRecord& b = execution.loads(1);
    const int64_t true_skew_ns =
        std::abs((a.start_ns() + a.lateness_ns()) - (b.start_ns() + b.lateness_ns()));
    EXPECT_GT(std::min(a.start_ns(), b.start_ns()), 0);
    EXPECT_LE(true_skew_ns, execution.skew().bound_ns());
    EXPECT_EQ(execution.skew().agents(), 2);
  }
}

TEST_F(CampaignRunnerTest, ALostAgentInterruptsTheCampaignAndResumeMakesOnlyMissingExecutions) {
  StartAgents(2);
  Plan plan = PlanOf(kSmallPlan);
  plan.set_blocks(40);
  std::thread killer([&] {
    // The load agent dies after the first execution is stored.
    EXPECT_TRUE(WaitUntil([&] { return HasExecution(); }));
    agents_.pop_back();
  });
  const auto interrupted = Runner().Run(plan, "", "");
  killer.join();
  ASSERT_TRUE(interrupted.ok()) << interrupted.status();
  EXPECT_EQ(interrupted->status(), CampaignRecord::INTERRUPTED);
  EXPECT_NE(interrupted->status_reason().find("lost agent"), std::string::npos)
      << interrupted->status_reason();

  std::set<std::string> kept;
  for (const ExecutionRecord& execution : Executions(*interrupted)) {
    if (execution.status() == ExecutionRecord::MEASURED) kept.insert(execution.id());
  }
  EXPECT_FALSE(kept.empty());
  agents_.clear();
  StartAgents(2);
  CampaignRecord shortened = *interrupted;
  shortened.mutable_plan()->set_blocks(static_cast<uint32_t>(kept.size()) + 1);
  const auto resumed = Runner().Resume(shortened);
  ASSERT_TRUE(resumed.ok()) << resumed.status();
  EXPECT_EQ(resumed->status(), CampaignRecord::COMPLETE) << resumed->status_reason();
  std::set<std::string> measured;
  for (const ExecutionRecord& execution : Executions(*resumed)) {
    if (execution.status() == ExecutionRecord::MEASURED) measured.insert(execution.id());
  }
  EXPECT_EQ(measured.size(), kept.size() + 1);
  EXPECT_TRUE(std::includes(measured.begin(), measured.end(), kept.begin(), kept.end()));
}

// A server that fails sometimes leaves a complete campaign with failed executions.
TEST_F(CampaignRunnerTest, ResumeRepeatsTheFailedExecutionsOfACompleteCampaign) {
  StartAgents(1);
  const auto campaign = Runner().Run(PlanOf(kSmallPlan), "", "");
  ASSERT_TRUE(campaign.ok()) << campaign.status();
  ASSERT_EQ(campaign->status(), CampaignRecord::COMPLETE) << campaign->status_reason();
  EXPECT_EQ(Runner().Resume(*campaign).status().code(), absl::StatusCode::kFailedPrecondition);
  ExecutionRecord failed;
  failed.set_id("failed");
  failed.set_campaign_id(campaign->id());
  *failed.mutable_cell() = Executions(*campaign)[0].cell();
  failed.set_block(2);
  failed.set_status(ExecutionRecord::FAILED);
  ASSERT_TRUE(store_->CommitExecution(failed, {}, {}).ok());
  CampaignRecord longer = *campaign;
  longer.mutable_plan()->set_blocks(3);
  const auto resumed = Runner().Resume(longer);
  ASSERT_TRUE(resumed.ok()) << resumed.status();
  EXPECT_EQ(resumed->status(), CampaignRecord::COMPLETE) << resumed->status_reason();
  const std::vector<ExecutionRecord> executions = Executions(*resumed);
  ASSERT_EQ(executions.size(), 4);
  const auto again = std::find_if(executions.begin(), executions.end(), [](const auto& one) {
    return one.block() == 2 && one.status() == ExecutionRecord::MEASURED;
  });
  ASSERT_NE(again, executions.end());
  EXPECT_EQ(again->attempt(), 1);
}

TEST_F(CampaignRunnerTest, ACancelledCampaignKeepsItsFinishedExecutions) {
  StartAgents(1);
  Plan plan = PlanOf(kSmallPlan);
  plan.set_blocks(200);
  std::thread canceller([&] {
    ASSERT_TRUE(WaitUntil([&] { return HasExecution(); }));
    EXPECT_TRUE(store_->RequestCancel(store_->ListCampaigns()->front().id).ok());
  });
  const auto campaign = Runner().Run(plan, "", "");
  canceller.join();
  ASSERT_TRUE(campaign.ok()) << campaign.status();
  EXPECT_EQ(campaign->status(), CampaignRecord::CANCELLED);
  EXPECT_FALSE(Executions(*campaign).empty());
}

// No machine is as quiet as this limit demands.
TEST_F(CampaignRunnerTest, WaitsForAQuietMachineALimitedNumberOfTimes) {
  std::vector<GateRule> rules = rules_.rules();
  for (GateRule& rule : rules) {
    if (rule.name != "idle_gaps") continue;
    rule.warn.reset();
    rule.invalid = 1e-12;
  }
  rules_ = *GateRules::Create(std::move(rules));
  StartAgents(1);
  const auto campaign = Runner().Run(PlanOf(kSmallPlan), "", "");
  ASSERT_TRUE(campaign.ok()) << campaign.status();
  EXPECT_EQ(campaign->status(), CampaignRecord::COMPLETE) << campaign->status_reason();
  const std::vector<ExecutionRecord> executions = Executions(*campaign);
  ASSERT_EQ(executions.size(), 2);
  EXPECT_EQ(executions[0].disturbed_starts(), 8);
  EXPECT_EQ(executions[1].disturbed_starts(), 0);
  for (const ExecutionRecord& execution : executions)
    EXPECT_EQ(execution.status(), ExecutionRecord::MEASURED);
  // Eight pauses of two seconds each.
  EXPECT_GE(pauses_.NowNanos(), absl::ToInt64Nanoseconds(absl::Seconds(16)));
}

TEST_F(CampaignRunnerTest, CountsResponsesInUnsampledSpansSeparately) {
  StartAgents(1);
  const auto campaign = Runner().Run(
      PlanOf(absl::StrCat(kSmallPlan, "profile { separate_execution { seconds: 4 } }")), "", "");
  ASSERT_TRUE(campaign.ok()) << campaign.status();
  int profiled = 0;
  for (const ExecutionRecord& execution : Executions(*campaign)) {
    if (!execution.cell().profiled()) continue;
    ++profiled;
    ASSERT_EQ(execution.status(), ExecutionRecord::MEASURED)
        << execution.failure().ShortDebugString();
    const ProfileInfo& profile = execution.server().profile();
    if (!profile.refused().empty()) GTEST_SKIP() << profile.refused();
    ASSERT_GE(profile.spans_size(), 3);
    uint64_t sampled = 0;
    uint64_t all = 0;
    for (const ProfileSpan& span : profile.spans()) {
      all += span.requests();
      if (span.sampled()) sampled += span.requests();
    }
    EXPECT_EQ(profile.requests(), sampled);
    // On a busy machine, a single span may have no response.
    EXPECT_GT(sampled, 0);
    EXPECT_GT(all, sampled);
    // Some responses arrive before the profiler starts and after it stops.
    const auto ok = static_cast<double>(execution.loads(0).finished().ok());
    EXPECT_GT(static_cast<double>(all), 0.5 * ok);
    EXPECT_LE(static_cast<double>(all), ok);
  }
  EXPECT_GT(profiled, 0);
}

constexpr char kTwoInTurn[] = R"(
  name: "in turn"
  targets { name: "epoll" }
  targets { name: "epoll" label: "again" }
  workloads { name: "json" path: "/json" }
  load { closed { connections: [6] duration { seconds: 0.4 } } warmup { seconds: 0.05 } }
  interleave { slot { seconds: 0.1 } }
  blocks: 2
)";

TEST_F(CampaignRunnerTest, InterleavedTargetsTakeTurns) {
  StartAgents(1);
  const auto campaign = Runner().Run(PlanOf(kTwoInTurn), "", "");
  ASSERT_TRUE(campaign.ok()) << campaign.status();
  EXPECT_EQ(campaign->status(), CampaignRecord::COMPLETE) << campaign->status_reason();
  std::map<uint32_t, std::vector<ExecutionRecord>> blocks;
  for (ExecutionRecord& execution : Executions(*campaign)) {
    ASSERT_EQ(execution.status(), ExecutionRecord::MEASURED)
        << execution.failure().ShortDebugString();
    blocks[execution.block()].push_back(std::move(execution));
  }
  ASSERT_EQ(blocks.size(), 2);
  EXPECT_NE(blocks[0][0].group(), blocks[1][0].group());
  for (const auto& [block, executions] : blocks) {
    ASSERT_EQ(executions.size(), 2);
    EXPECT_NE(executions[0].group(), "");
    EXPECT_EQ(executions[0].group(), executions[1].group());
    std::set<uint32_t> slots;
    for (const ExecutionRecord& execution : executions) {
      const SlotSchedule& schedule = execution.slots();
      slots.insert(schedule.own().begin(), schedule.own().end());
      const int counted = static_cast<int>(
          std::count_if(schedule.own().begin(), schedule.own().end(),
                        [&](uint32_t index) { return index >= schedule.warmup_count(); }));
      EXPECT_GE(counted, 4);
      EXPECT_EQ(execution.server().slots_size(), counted);
      EXPECT_GT(execution.server().cpu_ns(), 0);
      // Both agents count the responses of the slots, and nothing else.
      EXPECT_EQ(execution.server_cpu_responses(), execution.loads(0).finished().cpu_responses());
      EXPECT_GE(execution.server_cpu_responses(), execution.loads(0).finished().ok());
      const auto seconds = store_->ReadSeconds(execution.id());
      ASSERT_TRUE(seconds.ok()) << seconds.status();
      EXPECT_EQ(static_cast<int>(seconds->size()), counted);
      uint64_t ok = 0;
      for (const LoadInterval& one : *seconds) {
        EXPECT_TRUE(one.second.has_slot());
        ok += one.second.ok();
      }
      EXPECT_EQ(ok, execution.loads(0).finished().ok());
    }
    // Every slot has one owner.
    EXPECT_EQ(slots.size(), executions[0].slots().count());
    EXPECT_EQ(executions[0].slots().own_size() + executions[1].slots().own_size(),
              static_cast<int>(slots.size()));
  }
}

// Responses of 100 ms do not fit into the usual drain.
TEST_F(CampaignRunnerTest, SlotsBecomeLongerForSlowResponses) {
  StartAgents(1);
  Plan plan = PlanOf(kTwoInTurn);
  plan.mutable_load()->mutable_closed()->set_connections(0, 2);
  for (PlanTarget& target : *plan.mutable_targets()) {
    (*target.mutable_options())["burn_ns"] = "50000000";
  }
  plan.set_blocks(1);
  const auto campaign = Runner().Run(plan, "", "");
  ASSERT_TRUE(campaign.ok()) << campaign.status();
  const std::vector<ExecutionRecord> executions = Executions(*campaign);
  ASSERT_EQ(executions.size(), 2);
  for (const ExecutionRecord& execution : executions) {
    ASSERT_EQ(execution.status(), ExecutionRecord::MEASURED)
        << execution.failure().ShortDebugString();
    EXPECT_GT(execution.slots().slot_ns(), 100'000'000);
    EXPECT_GT(execution.slots().period_ns() - execution.slots().slot_ns(), 50'000'000);
  }
}

// Blocks of different slots cannot be compared.
TEST_F(CampaignRunnerTest, ResumeKeepsTheSlotsOfTheEarlierBlocks) {
  StartAgents(1);
  CampaignRecord campaign;
  campaign.set_id("0123456789ab");
  *campaign.mutable_plan() = PlanOf(kTwoInTurn);
  campaign.set_status(CampaignRecord::INTERRUPTED);
  for (const PoolMember& member : pool_->members()) *campaign.add_agents() = member.record;
  ASSERT_TRUE(store_->CreateCampaign(campaign).ok());
  // The first block needed longer slots. The responses of the second would fit into the usual ones.
  const std::vector<ScheduledExecution> schedule = ScheduleOf(campaign.plan());
  const std::vector<SlotSchedule> slots =
      SlotSchedulesOf(campaign.plan(), schedule[0].cell, /*block=*/0, 2, kStretchStep);
  for (size_t i = 0; i < slots.size(); ++i) {
    ExecutionRecord earlier;
    earlier.set_id(absl::StrCat("earlier-", i));
    earlier.set_campaign_id(campaign.id());
    *earlier.mutable_cell() = schedule[i].cell;
    earlier.set_status(ExecutionRecord::MEASURED);
    earlier.set_group("earlier");
    *earlier.mutable_slots() = slots[i];
    ASSERT_TRUE(store_->CommitExecution(earlier, {}, {}).ok());
  }
  const auto resumed = Runner().Resume(campaign);
  ASSERT_TRUE(resumed.ok()) << resumed.status();
  const std::vector<ExecutionRecord> executions = Executions(*resumed);
  ASSERT_EQ(executions.size(), 4);
  for (const ExecutionRecord& execution : executions) {
    ASSERT_EQ(execution.status(), ExecutionRecord::MEASURED)
        << execution.failure().ShortDebugString();
    EXPECT_EQ(execution.slots().slot_ns(), slots[0].slot_ns());
    EXPECT_EQ(execution.slots().period_ns(), slots[0].period_ns());
  }
}

TEST_F(CampaignRunnerTest, AFailedTargetDoesNotStopThoseThatTakeTurnsWithIt) {
  StartAgents(1);
  Plan plan = PlanOf(kTwoInTurn);
  // Its agent refuses the value when it starts the server.
  plan.mutable_targets(1)->set_name("libmicrohttpd");
  (*plan.mutable_targets(1)->mutable_options())["threads"] = "no number";
  plan.set_blocks(1);
  const auto campaign = Runner().Run(plan, "", "");
  ASSERT_TRUE(campaign.ok()) << campaign.status();
  int measured = 0;
  for (const ExecutionRecord& execution : Executions(*campaign)) {
    measured += execution.status() == ExecutionRecord::MEASURED ? 1 : 0;
    if (execution.status() == ExecutionRecord::FAILED) {
      EXPECT_EQ(execution.cell().target(), "again");
    }
  }
  EXPECT_EQ(measured, 1);
}

// An execution that takes turns with no other has no pair.
TEST_F(CampaignRunnerTest, ResumeRepeatsAllTargetsThatTakeTurnsWithAMissingOne) {
  StartAgents(1);
  Plan plan = PlanOf(kTwoInTurn);
  plan.set_blocks(1);
  const auto campaign = Runner().Run(plan, "", "");
  ASSERT_TRUE(campaign.ok()) << campaign.status();
  ASSERT_EQ(campaign->status(), CampaignRecord::COMPLETE) << campaign->status_reason();
  const std::vector<ExecutionRecord> first = Executions(*campaign);
  ASSERT_EQ(first.size(), 2);
  // Two more blocks: in one a target failed; in the other, the campaign ended before both executions were stored.
  for (const uint32_t block : {1, 2}) {
    ExecutionRecord measured = first[0];
    measured.set_id(absl::StrCat("measured-", block));
    measured.set_block(block);
    measured.set_group(absl::StrCat("group-", block));
    ASSERT_TRUE(store_->CommitExecution(measured, {}, {}).ok());
  }
  ExecutionRecord failed;
  failed.set_id("failed");
  failed.set_campaign_id(campaign->id());
  *failed.mutable_cell() = first[1].cell();
  failed.set_block(1);
  failed.set_status(ExecutionRecord::FAILED);
  ASSERT_TRUE(store_->CommitExecution(failed, {}, {}).ok());
  CampaignRecord longer = *campaign;
  longer.mutable_plan()->set_blocks(3);
  const auto resumed = Runner().Resume(longer);
  ASSERT_TRUE(resumed.ok()) << resumed.status();
  EXPECT_EQ(resumed->status(), CampaignRecord::COMPLETE) << resumed->status_reason();
  std::map<uint32_t, std::vector<ExecutionRecord>> repeated;
  for (ExecutionRecord& execution : Executions(*resumed)) {
    if (execution.attempt() > 0) repeated[execution.block()].push_back(std::move(execution));
  }
  ASSERT_EQ(repeated.size(), 2);
  EXPECT_FALSE(repeated.contains(0));
  for (const auto& [block, executions] : repeated) {
    ASSERT_EQ(executions.size(), 2) << block;
    for (const ExecutionRecord& execution : executions) {
      EXPECT_EQ(execution.attempt(), 1);
      EXPECT_EQ(execution.status(), ExecutionRecord::MEASURED)
          << execution.failure().ShortDebugString();
      EXPECT_TRUE(execution.has_slots());
    }
    EXPECT_NE(executions[0].group(), "");
    EXPECT_EQ(executions[0].group(), executions[1].group());
  }
  const absl::StatusOr<CampaignResults> results = ReadResults(*store_, rules_, *resumed);
  ASSERT_TRUE(results.ok()) << results.status();
  EXPECT_EQ(results->left_out, 2);
  EXPECT_EQ(results->finished_blocks, 3);
}

// Messages within `message` that are nested so deeply that a record which contains it cannot be parsed again. The event
// that brings it can, because it contains it in fewer levels.
template <typename Message>
void NestDeeply(Message* message) {
  constexpr int kMostLevels = 100;
  constexpr int kNoField = 1'000;
  google::protobuf::UnknownFieldSet* level =
      message->GetReflection()->MutableUnknownFields(message);
  for (int i = 1; i < kMostLevels; ++i) level = level->AddGroup(kNoField);
}

// The events of an execution whose load agent sends a report that the store refuses.
void AddRefusedExecution(FakeAgent& agent) {
  AgentDescription description;
  description.set_host("fake");
  description.set_cpus("0-1");
  TargetDescription& target = *description.add_targets();
  target.set_name("epoll");
  target.set_installed(true);
  agent.SetDescription(description);
  ControlEvent event;
  event.mutable_ready()->set_address("127.0.0.1:9");
  agent.AddEvent(event);
  event.mutable_started();
  agent.AddEvent(event);
  event.mutable_load_finished()->set_ok(1);
  NestDeeply(event.mutable_load_finished());
  agent.AddEvent(event);
  event.mutable_server_finished()->set_cpu_ns(1);
  agent.AddEvent(event);
  DataRecord end;
  end.set_end(true);
  agent.AddRecord(end);
}

TEST_F(CampaignRunnerTest, ARecordThatTheStoreRefusesFailsItsExecutionAndNamesTheAgent) {
  FakeAgent agent;
  AddRefusedExecution(agent);
  Connect({agent.address()});
  const auto campaign = Runner().Run(PlanOf(kSmallPlan), "", "");
  ASSERT_TRUE(campaign.ok()) << campaign.status();
  EXPECT_EQ(campaign->status_reason(), "all executions failed");
  // The second one is made although the first one failed.
  const std::vector<ExecutionRecord> executions = Executions(*campaign);
  ASSERT_EQ(executions.size(), 2);
  for (const ExecutionRecord& execution : executions) {
    EXPECT_EQ(execution.status(), ExecutionRecord::FAILED);
    EXPECT_EQ(execution.failure().agent(), agent.address());
    EXPECT_EQ(execution.failure().role(), JobId::LOAD);
    const std::string& message = execution.failure().failure().message();
    EXPECT_NE(message.find("(fake) sent a record that the store refuses"), std::string::npos)
        << message;
  }
}

TEST_F(CampaignRunnerTest, ARecordThatTheStoreRefusesEndsTheCampaignIfThePlanSaysStop) {
  FakeAgent agent;
  AddRefusedExecution(agent);
  Connect({agent.address()});
  Plan plan = PlanOf(kSmallPlan);
  plan.set_on_failure(Plan::STOP);
  const auto campaign = Runner().Run(plan, "", "");
  ASSERT_TRUE(campaign.ok()) << campaign.status();
  EXPECT_EQ(campaign->status(), CampaignRecord::INTERRUPTED);
  EXPECT_NE(campaign->status_reason().find("epoll json 6 connections failed"), std::string::npos)
      << campaign->status_reason();
  EXPECT_EQ(Executions(*campaign).size(), 1);
}

// A server that burns 5 ms a request takes at most 200 requests a second, whatever the machine.
constexpr char kFind[] = R"(
  name: "find"
  targets { name: "epoll" options { key: "burn_ns" value: "5000000" } }
  workloads { name: "json" path: "/json" }
  load {
    find { metric: "p50_us" max: 40000 connections: 4 duration { seconds: 0.6 } }
    warmup { seconds: 0.05 }
    timeout { seconds: 1 }
  }
  blocks: 1
  verdict: NONE
)";

TEST_F(CampaignRunnerTest, ASearchFindsAServersCapacityAndResumeGoesOnFromItsExecutions) {
  StartAgents(1);
  Plan plan = PlanOf(kFind);
  std::thread canceller([&] {
    ASSERT_TRUE(WaitUntil([&] { return HasExecution(); }));
    EXPECT_TRUE(store_->RequestCancel(store_->ListCampaigns()->front().id).ok());
  });
  const auto cancelled = Runner().Run(plan, "", "");
  canceller.join();
  ASSERT_TRUE(cancelled.ok()) << cancelled.status();
  EXPECT_EQ(cancelled->status(), CampaignRecord::CANCELLED);
  const std::vector<ExecutionRecord> before = Executions(*cancelled);
  ASSERT_FALSE(before.empty());
  EXPECT_EQ(before[0].cell().mode(), "open");
  EXPECT_EQ(before[0].cell().rate_per_s(), 1'000);

  Interruption another(pauses_);
  CampaignRunner runner(*pool_, *store_, rules_, another, Progress::Style::kQuiet);
  const auto campaign = runner.Resume(*cancelled);
  ASSERT_TRUE(campaign.ok()) << campaign.status();
  EXPECT_EQ(campaign->status(), CampaignRecord::COMPLETE) << campaign->status_reason();
  const std::vector<ExecutionRecord> after = Executions(*campaign);
  ASSERT_GT(after.size(), before.size());
  for (size_t i = 0; i < after.size(); ++i) {
    EXPECT_EQ(after[i].position(), i);
    if (i < before.size()) {
      EXPECT_EQ(after[i].id(), before[i].id());
    }
  }
  // The search has ended.
  EXPECT_EQ(runner.Resume(*campaign).status().code(), absl::StatusCode::kFailedPrecondition);

  const auto results = ReadResults(*store_, rules_, *campaign);
  ASSERT_TRUE(results.ok()) << results.status();
  ASSERT_EQ(results->capacity.size(), 1);
  ASSERT_EQ(results->capacity[0].blocks.size(), 1);
  const BlockCapacity& block = results->capacity[0].blocks[0];
  EXPECT_EQ(block.unreadable, "");
  EXPECT_TRUE(block.ended);
  EXPECT_EQ(block.executions.size(), after.size());
  // On a machine that other programs disturb, a search may end without a rate.
  if (!block.result.confirmed.has_value()) GTEST_SKIP() << block.result.why;
  // 200 a second, and what a short window and a queue of 40 ms add.
  EXPECT_LT(*block.result.confirmed, 300);
  EXPECT_NE(block.confirmed_by, "");
  ASSERT_EQ(results->cells.size(), 1);
  EXPECT_EQ(results->cells[0].executions.size(), 1);
}

TEST_F(CampaignRunnerTest, AnObjectiveThatNoServerMeetsEndsTheSearchAtOnce) {
  StartAgents(1);
  Plan plan = PlanOf(kFind);
  plan.mutable_targets(0)->clear_options();
  plan.mutable_load()->mutable_find()->set_metric("p99_us");
  plan.mutable_load()->mutable_find()->set_max(0.5);
  const auto campaign = Runner().Run(plan, "", "");
  ASSERT_TRUE(campaign.ok()) << campaign.status();
  EXPECT_EQ(campaign->status(), CampaignRecord::COMPLETE) << campaign->status_reason();
  const auto results = ReadResults(*store_, rules_, *campaign);
  ASSERT_TRUE(results.ok()) << results.status();
  const BlockCapacity& block = results->capacity[0].blocks[0];
  EXPECT_TRUE(block.ended);
  EXPECT_EQ(block.result.confirmed, std::nullopt);
  EXPECT_LE(block.executions.size(), 10);
}

TEST_F(CampaignRunnerTest, AnUnknownTargetCreatesNoCampaign) {
  StartAgents(1);
  Plan plan = PlanOf(kSmallPlan);
  plan.mutable_targets(0)->set_name("apache");
  EXPECT_EQ(Runner().Run(plan, "", "").status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(store_->ListCampaigns()->empty());
}

}  // namespace
}  // namespace assay::controller

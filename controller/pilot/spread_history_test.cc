#include "controller/pilot/spread_history.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "controller/plan/plan_rules.h"
#include "controller/verdict/verdict_fixture.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace assay::controller {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// What differs between the stored campaigns of a test.
struct Stored {
  std::string id = kFirstId;
  // Days since 1970.
  int day = 20'000;
  std::string targets = kTwoTargets;
  std::string connections = "64";
  std::string kernel = "6.1";
  std::string host = "bench";
};

class SpreadHistoryTest : public VerdictFixture {
 protected:
  static AgentRecord Agent(const std::string& kernel, const std::string& host) {
    AgentRecord agent;
    agent.add_roles(JobId::SERVER);
    agent.add_roles(JobId::LOAD);
    agent.mutable_description()->set_host(host);
    auto& environment = *agent.mutable_description()->mutable_environment();
    environment["kernel.release"] = kernel;
    environment["cpu.model"] = "Example 9000";
    // Differs at every moment.
    environment["memory.available"] = absl::StrCat(count_++, " kB");
    return agent;
  }

  // A campaign of six blocks, without executions.
  CampaignRecord Make(const Stored& stored) {
    CampaignRecord campaign = Campaign(stored.targets, 6, stored.id, stored.connections);
    campaign.set_started_us(int64_t{stored.day} * 86'400 * 1'000'000);
    *campaign.add_agents() = Agent(stored.kernel, stored.host);
    const absl::Status updated = store_->UpdateCampaign(campaign);
    EXPECT_TRUE(updated.ok()) << updated;
    return campaign;
  }

  // The campaign of known answer 3 of docs/measurement.md: epoll at A, hyper at B.
  CampaignRecord MakeKnown(const Stored& stored) {
    const CampaignRecord campaign = Make(stored);
    AddBlocks(campaign, "epoll", kKnownA);
    AddBlocks(campaign, "hyper", kKnownB);
    return campaign;
  }

  static Plan PlanOf(const std::string& targets = kTwoTargets,
                     const std::string& connections = "64", double seconds = 1) {
    Plan plan;
    EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(
        absl::StrCat("name: 'new' workloads { name: 'json' path: '/json' } load { closed { "
                     "connections: [",
                     connections, "] duration { seconds: ", seconds, " } } } blocks: 20 ", targets),
        &plan));
    return WithDefaults(plan);
  }

  SpreadHistory History(const Plan& plan, const std::vector<SkippedTarget>& skipped = {}) {
    const std::vector<AgentRecord> agents = {Agent("6.1", "bench")};
    absl::StatusOr<SpreadHistory> history =
        ReadSpreadHistory(*store_, rules_, plan, skipped, agents);
    EXPECT_TRUE(history.ok()) << history.status();
    return *std::move(history);
  }

  static inline int count_ = 0;
};

TEST_F(SpreadHistoryTest, TheLatestComparableCampaignSaysHowMuchBlocksVary) {
  MakeKnown({.id = kFirstId, .day = 20'000});
  MakeKnown({.id = kSecondId, .day = 20'001});
  const SpreadHistory history = History(PlanOf());
  ASSERT_THAT(history.spreads, SizeIs(1));
  const MeasuredSpread& one = history.spreads[0];
  EXPECT_FALSE(history.empty());
  EXPECT_EQ(one.campaign, kSecondId);
  EXPECT_EQ(CampaignText(one.campaign, one.started_us),
            absl::StrCat("campaign ", kSecondId, " of 2024-10-05"));
  ASSERT_TRUE(one.spread.has_value());
  EXPECT_EQ(one.spread->blocks, 6);
  EXPECT_EQ(one.spread->degrees, 5);
  // The sample standard deviation of ln(B / A).
  EXPECT_NEAR(one.spread->deviation, 0.006926, 2e-6);
  EXPECT_NEAR(one.spread->log_ratio, 0.0953, 1e-4);
  EXPECT_EQ(one.length, 1);
  EXPECT_THAT(history.passed_over, IsEmpty());
}

TEST_F(SpreadHistoryTest, AnEmptyStoreKnowsNothing) {
  const SpreadHistory history = History(PlanOf());
  EXPECT_TRUE(history.empty());
  ASSERT_THAT(history.spreads, SizeIs(1));
  EXPECT_THAT(history.spreads[0].missing, HasSubstr("no comparable campaign"));
}

TEST_F(SpreadHistoryTest, LongerWindowsAndOtherBlocksAreComparable) {
  MakeKnown({});
  EXPECT_NEAR(History(PlanOf(kTwoTargets, "64", 3)).spreads[0].length, 3, 1e-9);
}

// Each level has the latest campaign that knows it.
TEST_F(SpreadHistoryTest, LevelsCanComeFromDifferentCampaigns) {
  MakeKnown({.id = kFirstId, .day = 20'001});
  const CampaignRecord other = Make({.id = kSecondId, .day = 20'000, .connections = "64, 250"});
  AddBlocks(other, "epoll", kKnownA, 250);
  AddBlocks(other, "hyper", kKnownB, 250);
  const SpreadHistory history = History(PlanOf(kTwoTargets, "64, 250, 500"));
  ASSERT_THAT(history.spreads, SizeIs(3));
  EXPECT_EQ(history.spreads[0].campaign, kFirstId);
  EXPECT_EQ(history.spreads[1].campaign, kSecondId);
  EXPECT_FALSE(history.spreads[2].spread.has_value());
}

// The labels and the baseline are the plan's.
TEST_F(SpreadHistoryTest, LabelsAndOrderOfTargetsDoNotMatter) {
  MakeKnown({});
  const SpreadHistory history = History(
      PlanOf("targets { name: 'hyper' label: 'rust' } targets { name: 'epoll' label: 'c' }"));
  ASSERT_TRUE(history.spreads[0].spread.has_value());
  EXPECT_EQ(history.spreads[0].comparison.baseline, "rust");
  EXPECT_EQ(history.spreads[0].comparison.candidate, "c");
  EXPECT_NEAR(history.spreads[0].spread->log_ratio, -0.0953, 1e-4);
}

TEST_F(SpreadHistoryTest, AnotherHostOrEnvironmentIsNotUsedAndSaidSo) {
  MakeKnown({.id = kFirstId, .day = 20'000, .host = "other"});
  MakeKnown({.id = kSecondId, .day = 20'001, .kernel = "6.2"});
  const SpreadHistory history = History(PlanOf());
  EXPECT_TRUE(history.empty());
  EXPECT_THAT(history.passed_over,
              ElementsAre(absl::StrCat("campaign ", kSecondId,
                                       " of 2024-10-05 is not used: kernel.release differs"),
                          absl::StrCat("campaign ", kFirstId,
                                       " of 2024-10-04 is not used: it ran on host other, not "
                                       "bench")));
}

// Other options, another workload, another design, or another set of servers alive together are other measurements.
TEST_F(SpreadHistoryTest, OtherWorkIsNotComparable) {
  MakeKnown({});
  const std::string burning =
      "targets { name: 'epoll' } targets { name: 'hyper' options { key: 'threads' value: '2' } }";
  EXPECT_TRUE(History(PlanOf(burning)).empty());
  EXPECT_TRUE(History(PlanOf(kWithControl)).empty());
  EXPECT_TRUE(History(PlanOf(absl::StrCat(kTwoTargets, " design: SEQUENTIAL"))).empty());
  EXPECT_TRUE(History(PlanOf(kTwoTargets, "65")).empty());
  EXPECT_TRUE(
      History(PlanOf(absl::StrCat(kTwoTargets, " placement { server_cpus: '0' }"))).empty());
  Plan workload = PlanOf();
  workload.mutable_workloads(0)->set_path("/plaintext");
  EXPECT_TRUE(History(workload).empty());
  EXPECT_FALSE(History(PlanOf()).empty());
}

// A control that is not installed here was not alive together with the others.
TEST_F(SpreadHistoryTest, SkippedTargetsAreNoPartOfTheWork) {
  MakeKnown({});
  SkippedTarget skipped;
  skipped.set_target("nginx");
  const Plan plan = PlanOf(absl::StrCat(kTwoTargets, " targets { name: 'nginx' }"));
  EXPECT_FALSE(History(plan, {skipped}).empty());
  EXPECT_TRUE(History(plan).empty());
}

TEST_F(SpreadHistoryTest, TooFewBlocksAndInvalidCampaignsAreNotUsed) {
  MakeKnown({.id = kFirstId, .day = 20'000});
  const CampaignRecord few = Make({.id = kSecondId, .day = 20'002});
  AddBlocks(few, "epoll", {100, 102, 98});
  AddBlocks(few, "hyper", {110, 113, 107});
  const CampaignRecord invalid = Make({.id = "abcdefabcdef", .day = 20'001});
  AddBlocks(invalid, "epoll", kKnownA);
  for (uint32_t block = 0; block < 6; ++block) {
    Add(invalid,
        {.target = "hyper",
         .block = block,
         .cpu_us = kKnownB[block],
         .more =
             "gates { name: 'wrong_responses' value: 0.5 verdict: INVALID rules_version: 1000 }"});
  }
  const SpreadHistory history = History(PlanOf());
  EXPECT_EQ(history.spreads[0].campaign, kFirstId);
  ASSERT_THAT(history.passed_over, SizeIs(2));
  EXPECT_THAT(history.passed_over[0], HasSubstr("it has fewer than 4 blocks"));
  EXPECT_THAT(history.passed_over[1], HasSubstr("the gate wrong_responses is invalid"));
}

}  // namespace
}  // namespace assay::controller

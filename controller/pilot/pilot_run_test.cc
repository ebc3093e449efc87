// Tests of pilots with a real agent, servers and load generator on this machine. No assertion depends on a measured value
// that a busy machine could change.

#include "controller/pilot/pilot_run.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "controller/campaign/campaign_fixture.h"
#include "controller/gates/gate_keeper.h"
#include "controller/pilot/measured_spread.h"

namespace assay::controller {
namespace {

// The same server twice: "slow" burns several times what a request costs otherwise.
constexpr char kPlan[] = R"(
  name: "pilot"
  targets { name: "epoll" }
  targets { name: "epoll" label: "slow" options { key: "burn_ns" value: "100000" } }
  workloads { name: "json" path: "/json" }
  load { closed { connections: [4] duration { seconds: 0.3 } } warmup { seconds: 0.05 } }
  blocks: 4
)";

class PilotRunTest : public CampaignFixture {
 protected:
  PilotRunTest() : rules_(RulesThatDoNotWait()), folder_(TestFile()) {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
  }

  // A busy machine is not waited for, so that the test takes no time.
  static GateRules RulesThatDoNotWait() {
    std::vector<GateRule> rules = LoadGateRules()->rules();
    for (GateRule& rule : rules) {
      if (rule.name == "idle_gaps") rule.invalid.reset();
    }
    return *GateRules::Create(std::move(rules));
  }

  // Runs the pilot with its data below folder_.
  absl::StatusOr<std::vector<MeasuredSpread>> Run(const Plan& plan) {
    setenv("TMPDIR", folder_.c_str(), 1);
    absl::StatusOr<std::vector<MeasuredSpread>> spreads =
        RunPilot(plan, {}, *pool_, rules_, interruption_, Progress::Style::kQuiet);
    unsetenv("TMPDIR");
    return spreads;
  }

  bool LeftNothing() const {
    return std::filesystem::is_empty(folder_) && store_->ListCampaigns()->empty();
  }

  GateRules rules_;
  const std::string folder_;
};

TEST_F(PilotRunTest, MeasuresHowMuchTheBlocksOfThePlanVaryAndStoresNothing) {
  StartAgents(1);
  const Plan plan = PlanOf(kPlan);
  const auto spreads = Run(plan);
  ASSERT_TRUE(spreads.ok()) << spreads.status();
  ASSERT_EQ(spreads->size(), 1);
  const MeasuredSpread& one = spreads->front();
  ASSERT_TRUE(one.spread.has_value()) << one.missing;
  EXPECT_EQ(one.comparison.candidate, "slow");
  EXPECT_GE(one.spread->blocks, 2);
  EXPECT_LE(one.spread->blocks, 4);
  EXPECT_GT(one.spread->log_ratio, 0.5);
  EXPECT_GT(one.spread->deviation, 0);
  // Its rounds of slots are known.
  EXPECT_TRUE(one.spread->within_variance.has_value());
  // The pilot of so short a plan is the plan.
  EXPECT_EQ(one.length, 1);
  EXPECT_TRUE(LeftNothing());
}

TEST_F(PilotRunTest, AnInterruptedPilotLeavesNoFiles) {
  StartAgents(1);
  interruption_.Request(absl::AbortedError("interrupted by SIGINT"));
  EXPECT_EQ(Run(PlanOf(kPlan)).status().code(), absl::StatusCode::kAborted);
  EXPECT_TRUE(LeftNothing());
}

}  // namespace
}  // namespace assay::controller

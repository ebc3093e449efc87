#ifndef ASSAY_CONTROLLER_CAMPAIGN_CAMPAIGN_FIXTURE_H_
#define ASSAY_CONTROLLER_CAMPAIGN_CAMPAIGN_FIXTURE_H_

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "common/monotonic_clock.h"
#include "controller/campaign/agent_pool.h"
#include "controller/campaign/interruption.h"
#include "controller/campaign/local_agent.h"
#include "controller/plan/plan_rules.h"
#include "controller/store/store.h"
#include "google/protobuf/text_format.h"
#include "proto/plan.pb.h"

namespace assay::controller {

// A fixture with its own store and with agents on this machine, for tests that run plans.
class CampaignFixture : public ::testing::Test {
 protected:
  CampaignFixture() : store_(*Store::Open(absl::StrCat(TestFile(), ".db"), Store::Mode::kWrite)) {}

  // A path without extension for the files of this test.
  static std::string TestFile() {
    const ::testing::TestInfo& test = *::testing::UnitTest::GetInstance()->current_test_info();
    std::string name = absl::StrCat(test.test_suite_name(), "-", test.name());
    for (char& c : name) c = c == '/' ? '-' : c;
    return absl::StrCat(::testing::TempDir(), "/", name);
  }

  // Parses a text-format plan and fills in its defaults.
  static Plan PlanOf(const std::string& text) {
    Plan plan;
    EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &plan));
    EXPECT_TRUE(Validate(plan).ok()) << Validate(plan);
    return WithDefaults(plan);
  }

  // Starts `count` agents and connects to them.
  void StartAgents(int count, const LocalAgent::Options& options = {}) {
    std::vector<std::string> addresses;
    for (int i = 0; i < count; ++i) {
      absl::StatusOr<std::unique_ptr<LocalAgent>> agent = LocalAgent::Start(options);
      ASSERT_TRUE(agent.ok()) << agent.status();
      addresses.push_back((*agent)->address());
      agents_.push_back(*std::move(agent));
    }
    Connect(addresses);
  }

  // `clock` measures leases and timeouts.
  void Connect(const std::vector<std::string>& addresses, Clock& clock = Clock::Real()) {
    absl::StatusOr<std::unique_ptr<AgentPool>> pool =
        AgentPool::Connect(addresses, TlsFiles(), nullptr, clock);
    ASSERT_TRUE(pool.ok()) << pool.status();
    pool_ = *std::move(pool);
  }

  std::unique_ptr<Store> store_;
  Interruption interruption_;
  std::vector<std::unique_ptr<LocalAgent>> agents_;
  std::unique_ptr<AgentPool> pool_;
};

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_CAMPAIGN_CAMPAIGN_FIXTURE_H_

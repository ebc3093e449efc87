#include "controller/campaign/plan_fit.h"

#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "controller/campaign/job_specs.h"
#include "controller/clients/fake_agent.h"
#include "controller/gates/same_host.h"
#include "controller/plan/cells.h"
#include "controller/plan/plan_rules.h"
#include "google/protobuf/text_format.h"

namespace assay::controller {
namespace {

AgentDescription Described(const std::string& text) {
  AgentDescription description;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &description));
  return description;
}

constexpr char kAgent[] = R"(
  host: "a" cpus: "0-1" file_descriptor_limit: 1024
  environment { key: "kernel.boot_id" value: "boot-1" }
  targets { name: "epoll" installed: true options: "threads" }
  targets { name: "hyper" installed: false install: "apt-get install cargo" }
  targets { name: "locked" installed: true alone: true }
  targets { name: "nginx" installed: true
            not_served { key: "POST /json" value: "nginx has no JSON parser" } }
)";

class PlanFitTest : public ::testing::Test {
 protected:
  void Connect(int agents) {
    std::vector<std::string> addresses;
    for (int i = 0; i < agents; ++i) {
      fakes_.push_back(std::make_unique<FakeAgent>());
      fakes_.back()->SetDescription(Described(kAgent));
      addresses.push_back(fakes_.back()->address());
    }
    absl::StatusOr<std::unique_ptr<AgentPool>> pool = AgentPool::Connect(addresses, TlsFiles());
    ASSERT_TRUE(pool.ok()) << pool.status();
    pool_ = *std::move(pool);
  }

  static Plan PlanWith(const std::string& more) {
    Plan plan;
    EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(
        "name: 'p' load { closed { connections: [64, 250] requests: 1001 } } " + more, &plan));
    return WithDefaults(plan);
  }

  std::vector<std::unique_ptr<FakeAgent>> fakes_;
  std::unique_ptr<AgentPool> pool_;
};

TEST_F(PlanFitTest, RejectsAnUnknownTargetAndListsTheKnownOnes) {
  Connect(1);
  const auto fit =
      FitToAgents(PlanWith("targets { name: 'apache' } workloads { name: 'w' }"), *pool_);
  EXPECT_EQ(fit.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_NE(fit.status().message().find("epoll, hyper, locked, nginx"), absl::string_view::npos)
      << fit.status();
}

TEST_F(PlanFitTest, SkipsATargetThatIsNotInstalledAndReportsHowToInstallIt) {
  Connect(1);
  const auto fit = FitToAgents(
      PlanWith("targets { name: 'epoll' } targets { name: 'hyper' } workloads { name: 'w' }"),
      *pool_);
  ASSERT_TRUE(fit.ok()) << fit.status();
  ASSERT_EQ(fit->size(), 1);
  EXPECT_EQ(fit->front().target(), "hyper");
  EXPECT_NE(fit->front().reason().find("apt-get install cargo"), std::string::npos);
}

// A user who adds such a target to a plan need not know of designs.
TEST_F(PlanFitTest, APlanWithoutADesignIsSequentialIfATargetCannotBeAliveTogetherWithOthers) {
  Connect(1);
  const auto plan_of = [](const std::string& more) {
    Plan plan;
    EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(
        absl::StrCat("name: 'p' load { closed { connections: 64 duration { seconds: 1 } } } "
                     "workloads { name: 'w' } targets { name: 'epoll' } ",
                     more),
        &plan));
    EXPECT_TRUE(Validate(plan).ok()) << Validate(plan);
    return plan;
  };
  const DefaultedPlan together = WithDefaultsFor(plan_of("targets { name: 'nginx' }"), *pool_);
  EXPECT_EQ(together.plan.design(), Plan::INTERLEAVED);
  EXPECT_EQ(together.why_sequential, "");

  const std::string with_alone = "targets { name: 'locked' } ";
  const DefaultedPlan alone = WithDefaultsFor(plan_of(with_alone), *pool_);
  EXPECT_EQ(alone.plan.design(), Plan::SEQUENTIAL);
  EXPECT_NE(alone.why_sequential.find("'locked' cannot be alive together"), std::string::npos)
      << alone.why_sequential;
  EXPECT_TRUE(FitToAgents(alone.plan, *pool_).ok());

  // The stored plan must be valid, so that `rerun` can run it.
  const DefaultedPlan slots =
      WithDefaultsFor(plan_of(with_alone + "interleave { slot { seconds: 0.1 } }"), *pool_);
  EXPECT_EQ(slots.plan.design(), Plan::SEQUENTIAL);
  EXPECT_TRUE(Validate(slots.plan).ok()) << Validate(slots.plan);
  EXPECT_NE(slots.why_sequential.find("`interleave` has no effect"), std::string::npos)
      << slots.why_sequential;

  // A design that the plan names is not changed.
  const DefaultedPlan named = WithDefaultsFor(plan_of(with_alone + "design: INTERLEAVED"), *pool_);
  EXPECT_EQ(named.plan.design(), Plan::INTERLEAVED);
  const absl::Status refused = FitToAgents(named.plan, *pool_).status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_NE(refused.message().find("set design: SEQUENTIAL"), absl::string_view::npos) << refused;
  const DefaultedPlan sequential =
      WithDefaultsFor(plan_of(with_alone + "design: SEQUENTIAL"), *pool_);
  EXPECT_EQ(sequential.why_sequential, "");
}

TEST_F(PlanFitTest, SkipsOnlyTheWorkloadThatATargetDoesNotServe) {
  Connect(1);
  const auto fit =
      FitToAgents(PlanWith("targets { name: 'nginx' } workloads { name: 'get' path: '/json' } "
                           "workloads { name: 'post' path: '/json' method: 'POST' body: '{}' }"),
                  *pool_);
  ASSERT_TRUE(fit.ok()) << fit.status();
  ASSERT_EQ(fit->size(), 1);
  EXPECT_EQ(fit->front().workload(), "post");
}

TEST_F(PlanFitTest, FailsWithTheReasonsIfNothingIsLeftToMeasure) {
  Connect(1);
  const auto fit =
      FitToAgents(PlanWith("targets { name: 'hyper' } workloads { name: 'w' }"), *pool_);
  EXPECT_EQ(fit.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_NE(fit.status().message().find("apt-get install cargo"), absl::string_view::npos);
}

TEST_F(PlanFitTest, RejectsAnUnknownCpuAndListsTheAvailableOnes) {
  Connect(1);
  const auto fit = FitToAgents(PlanWith("targets { name: 'epoll' } workloads { name: 'w' } "
                                        "placement { server_cpus: '0' load_cpus: '7' }"),
                               *pool_);
  EXPECT_EQ(fit.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_NE(fit.status().message().find("has the CPUs 0-1, not 7"), absl::string_view::npos)
      << fit.status();
}

TEST_F(PlanFitTest, RejectsAnUnknownOptionAndListsTheKnownOnes) {
  Connect(1);
  const auto fit = FitToAgents(
      PlanWith(
          "targets { name: 'epoll' options { key: 'treads' value: '2' } } workloads { name: 'w' }"),
      *pool_);
  EXPECT_EQ(fit.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_NE(fit.status().message().find("its options are threads"), absl::string_view::npos);
}

TEST_F(PlanFitTest, RejectsMoreConnectionsThanAnAgentMayOpen) {
  Connect(1);
  Plan plan = PlanWith("targets { name: 'epoll' } workloads { name: 'w' }");
  plan.mutable_load()->mutable_closed()->add_connections(2000);
  EXPECT_EQ(FitToAgents(plan, *pool_).status().code(), absl::StatusCode::kInvalidArgument);
}

// Otherwise the agent would refuse them during the run.
TEST_F(PlanFitTest, RejectsMoreConnectionsThanAnAddressHasSourcePorts) {
  Connect(1);
  Plan plan = PlanWith("targets { name: 'epoll' } workloads { name: 'w' }");
  plan.mutable_load()->mutable_closed()->add_connections(60'001);
  const absl::Status refused = FitToAgents(plan, *pool_).status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_NE(refused.message().find("at most 60000"), absl::string_view::npos) << refused;
}

TEST_F(PlanFitTest, RejectsFewerRequestsThanLoadAgents) {
  Connect(4);
  Plan plan = PlanWith("targets { name: 'epoll' } workloads { name: 'w' }");
  plan.mutable_load()->mutable_closed()->set_requests(3);
  EXPECT_TRUE(FitToAgents(plan, *pool_).ok());
  plan.mutable_load()->mutable_closed()->set_requests(2);
  const absl::Status refused = FitToAgents(plan, *pool_).status();
  EXPECT_NE(refused.message().find("load.closed.requests: 2 cannot be split over 3 load agents"),
            absl::string_view::npos)
      << refused;
}

// The load generator refuses a thread without a request.
TEST_F(PlanFitTest, ALoadHasNoMoreThreadsThanConnectionsAndRequests) {
  Connect(1);
  Plan plan =
      PlanWith("targets { name: 'epoll' } workloads { name: 'w' } placement { load_cpus: '0-1' }");
  const Cell cell = CellsOf(plan).front();
  EXPECT_EQ(LoadSpecOf(plan, cell, 0, *pool_, 0, "127.0.0.1:9000").threads(), 2);
  plan.mutable_load()->mutable_closed()->set_requests(1);
  EXPECT_EQ(LoadSpecOf(plan, cell, 0, *pool_, 0, "127.0.0.1:9000").threads(), 1);
}

// Otherwise a run would abort a plan that `check` accepts.
TEST_F(PlanFitTest, TheLongestRunIncludesThinkTimeAndWarmUp) {
  Connect(1);
  Plan plan = PlanWith("targets { name: 'epoll' } workloads { name: 'w' }");
  plan.mutable_load()->mutable_closed()->set_requests(6'400);
  plan.mutable_load()->mutable_timeout()->set_seconds(1);
  plan.mutable_workloads(0)->mutable_think()->set_seconds(20);
  plan.mutable_load()->mutable_warmup()->set_seconds(7'200);
  const Cell cell = CellsOf(plan).front();
  EXPECT_GE(LongestRun(plan, cell), absl::Seconds(7'200 + 100 * 20));
}

TEST_F(PlanFitTest, TheSharesOfSeveralAgentsAddUpToTheWholeLoad) {
  Connect(4);
  const Plan plan = PlanWith("targets { name: 'epoll' } workloads { name: 'w' }");
  const Cell cell = CellsOf(plan).back();
  ASSERT_EQ(cell.connections(), 250);
  ASSERT_EQ(pool_->loads().size(), 3);
  uint64_t connections = 0;
  uint64_t requests = 0;
  for (uint32_t i = 0; i < 3; ++i) {
    const LoadSpec spec = LoadSpecOf(plan, cell, /*block=*/0, *pool_, i, "127.0.0.1:9000");
    EXPECT_EQ(spec.destination_agent(), fakes_[0]->address());
    connections += spec.closed().connections();
    requests += spec.window().requests();
  }
  EXPECT_EQ(connections, 250);
  EXPECT_EQ(requests, 1001);
}

TEST_F(PlanFitTest, SeveralAgentsShareARate) {
  Connect(4);
  Plan open = PlanWith("targets { name: 'epoll' } workloads { name: 'w' }");
  ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(
      "curve { rates_per_s: [100, 3000] arrivals: POISSON connections: 64 duration { seconds: 2 } "
      "}",
      open.mutable_load()));
  const Plan plan = WithDefaults(open);
  const std::vector<Cell> cells = CellsOf(plan);
  ASSERT_EQ(cells.size(), 2);
  EXPECT_EQ(cells[1].mode(), "open");
  EXPECT_EQ(LevelText(cells[1]), "3000/s");
  uint32_t connections = 0;
  for (uint32_t i = 0; i < 3; ++i) {
    const LoadSpec spec = LoadSpecOf(plan, cells[1], /*block=*/0, *pool_, i, "127.0.0.1:9000");
    EXPECT_EQ(spec.open().rate_per_s(), 1000);
    EXPECT_EQ(spec.open().arrivals(), OpenLoop::POISSON);
    EXPECT_EQ(spec.window().duration_ns(), 2'000'000'000);
    connections += spec.open().connections();
  }
  EXPECT_EQ(connections, 64);
  // If all blocks had the same arrivals, the interval over blocks would not include the randomness of the arrivals.
  std::set<uint64_t> seeds;
  for (uint32_t block = 0; block < 10; ++block) {
    const auto seed = [&](const Cell& cell) {
      return LoadSpecOf(plan, cell, block, *pool_, 0, "127.0.0.1:9000").seed();
    };
    EXPECT_EQ(seed(cells[0]), seed(cells[1]));
    seeds.insert(seed(cells[0]));
  }
  EXPECT_EQ(seeds.size(), 10);
}

TEST_F(PlanFitTest, ALoadHasNoMoreThreadsThanConnections) {
  Connect(1);
  Plan few = PlanWith("targets { name: 'epoll' } workloads { name: 'w' }");
  few.mutable_load()->mutable_closed()->clear_connections();
  few.mutable_load()->mutable_closed()->add_connections(2);
  few.mutable_placement()->set_load_cpus("0-3");
  const Plan plan = WithDefaults(few);
  EXPECT_EQ(LoadSpecOf(plan, CellsOf(plan).front(), 0, *pool_, 0, "127.0.0.1:9000").threads(), 2);
}

TEST_F(PlanFitTest, TheLoadVerifiesAServerGivenByUrl) {
  Connect(1);
  const Plan plan =
      PlanWith("targets { url: 'http://127.0.0.1:8080' label: 'mine' } workloads { name: 'w' }");
  EXPECT_TRUE(FitToAgents(plan, *pool_).ok());
  const LoadSpec spec =
      LoadSpecOf(plan, CellsOf(plan).front(), /*block=*/0, *pool_, 0, "127.0.0.1:8080");
  EXPECT_TRUE(spec.verify_first());
}

TEST(AgentPoolTest, NamesAllUnreachableAgents) {
  FakeAgent agent;
  const auto pool = AgentPool::Connect({agent.address(), "127.0.0.1:1", "127.0.0.1:2"}, TlsFiles());
  EXPECT_EQ(pool.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_NE(pool.status().message().find("127.0.0.1:1:"), absl::string_view::npos);
  EXPECT_NE(pool.status().message().find("127.0.0.1:2:"), absl::string_view::npos);
}

TEST(AgentPoolTest, RejectsADuplicateAgent) {
  FakeAgent agent;
  EXPECT_EQ(AgentPool::Connect({agent.address(), agent.address()}, TlsFiles()).status().code(),
            absl::StatusCode::kInvalidArgument);
}

// Two containers on one machine have different host names but the same kernel.
TEST(AgentPoolTest, TheBootIdDeterminesWhetherTwoAgentsShareAHost) {
  const AgentDescription a =
      Described("host: 'a' environment { key: 'kernel.boot_id' value: '1' }");
  const AgentDescription b =
      Described("host: 'b' environment { key: 'kernel.boot_id' value: '1' }");
  const AgentDescription c =
      Described("host: 'a' environment { key: 'kernel.boot_id' value: '2' }");
  EXPECT_TRUE(OnSameHost(a, b));
  EXPECT_FALSE(OnSameHost(a, c));
}

}  // namespace
}  // namespace assay::controller

#include "controller/gates/environment_gates.h"

#include <string>
#include <string_view>
#include <vector>

#include "controller/gates/gate_keeper.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace assay::controller {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

AgentRecord Agent(const std::string& boot_id, JobId::Role role) {
  AgentRecord agent;
  agent.set_address(boot_id);
  agent.add_roles(role);
  auto& environment = *agent.mutable_description()->mutable_environment();
  environment["kernel.boot_id"] = boot_id;
  environment["clock.source"] = "tsc";
  environment["cpu.governor"] = "performance";
  environment["cpu.model"] = "Some CPU";
  environment["memory.available"] = boot_id;
  return agent;
}

GateResult Judged(const std::string& gate, const std::vector<const AgentRecord*>& agents) {
  for (const GateResult& one : JudgeEnvironment(*LoadGateRules(), Plan(), agents)) {
    if (one.name() == gate) return one;
  }
  return GateResult();
}

TEST(EnvironmentGatesTest, CountsHostsWithASlowClockOrAChangingFrequency) {
  AgentRecord server = Agent("1", JobId::SERVER);
  AgentRecord load = Agent("2", JobId::LOAD);
  EXPECT_EQ(Judged("clock_source", {&server, &load}).verdict(), GateResult::PASS);
  EXPECT_EQ(Judged("frequency_governor", {&server, &load}).verdict(), GateResult::PASS);
  (*load.mutable_description()->mutable_environment())["clock.source"] = "hpet";
  (*load.mutable_description()->mutable_environment())["cpu.governor"] =
      "0: performance; 1: powersave";
  EXPECT_EQ(Judged("clock_source", {&server, &load}).value(), 1);
  EXPECT_EQ(Judged("clock_source", {&server, &load}).verdict(), GateResult::WARN);
  EXPECT_EQ(Judged("frequency_governor", {&server, &load}).verdict(), GateResult::WARN);
  for (const char* fast : {"tsc", "kvm-clock", "arch_sys_counter"}) {
    EXPECT_FALSE(IsSlowClockSource(fast)) << fast;
  }
}

TEST(EnvironmentGatesTest, AHostWithTwoAgentsCountsOnce) {
  AgentRecord server = Agent("1", JobId::SERVER);
  (*server.mutable_description()->mutable_environment())["clock.source"] = "acpi_pm";
  AgentRecord load = server;
  load.clear_roles();
  load.add_roles(JobId::LOAD);
  EXPECT_EQ(Judged("clock_source", {&server, &load}).value(), 1);
}

// As in most virtual machines.
TEST(EnvironmentGatesTest, AnUnreadableGovernorIsNoPass) {
  AgentRecord server = Agent("1", JobId::SERVER);
  (*server.mutable_description()->mutable_environment())["cpu.governor"] =
      "unreadable: no CPU has cpufreq/scaling_governor";
  EXPECT_EQ(Judged("frequency_governor", {&server}).verdict(), GateResult::UNREADABLE);
  server.mutable_description()->clear_environment();
  EXPECT_EQ(Judged("clock_source", {&server}).verdict(), GateResult::UNREADABLE);
}

TEST(EnvironmentGatesTest, LoadAgentsOfUnequalHostsWarn) {
  const AgentRecord server = Agent("1", JobId::SERVER);
  const AgentRecord first = Agent("2", JobId::LOAD);
  AgentRecord second = Agent("3", JobId::LOAD);
  EXPECT_EQ(Judged("environment_differs", {&server, &first, &second}).verdict(), GateResult::PASS);
  EXPECT_EQ(Judged("environment_differs", {&server, &first}).name(), "") << "one per role";
  (*second.mutable_description()->mutable_environment())["cpu.model"] = "Another CPU";
  const GateResult judged = Judged("environment_differs", {&server, &first, &second});
  EXPECT_EQ(judged.verdict(), GateResult::WARN);
  EXPECT_EQ(judged.value(), 1);
  EXPECT_EQ(judged.subject(), "load agents: cpu.model");
}

TEST(EnvironmentGatesTest, IdentitiesAndReadingsOfAMomentDoNotDiffer) {
  AgentRecord a = Agent("1", JobId::LOAD);
  AgentRecord b = Agent("2", JobId::LOAD);
  EXPECT_THAT(EnvironmentDifferences(a.description(), b.description()), IsEmpty());
  for (const char* identity : {"kernel.boot_id", "memory.available", "cpu.time_s"}) {
    EXPECT_FALSE(IsHostProperty(identity)) << identity;
  }
  // Another build of agent and load generator can change a figure.
  EXPECT_TRUE(IsHostProperty("assay.build_id"));
  for (const std::string_view key : DecisiveHostProperties()) EXPECT_TRUE(IsHostProperty(key));
  (*b.mutable_description()->mutable_environment())["kernel.release"] = "6.1";
  EXPECT_THAT(EnvironmentDifferences(a.description(), b.description()), IsEmpty())
      << "the other agent does not report it";
  (*a.mutable_description()->mutable_environment())["kernel.release"] = "6.12";
  EXPECT_THAT(EnvironmentDifferences(a.description(), b.description()),
              ElementsAre("kernel.release"));
}

}  // namespace
}  // namespace assay::controller

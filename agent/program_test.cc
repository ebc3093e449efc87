// The program as who starts it meets it: its command line, its end, and what it tells of itself.

#include <signal.h>

#include <filesystem>
#include <string>
#include <vector>

#include "agent/launcher/marked_processes.h"
#include "agent/testing/agent_process.h"
#include "agent/testing/part_client.h"
#include "common/cpu_set.h"
#include "common/version.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace assay {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

TEST(AgentProgramTest, BadUsageExitsTwoAndSaysWhatToDo) {
  const std::pair<std::vector<std::string>, std::string> cases[] = {
      {{"--listne=1"}, "did you mean --listen?"},
      {{"--listen=here"}, "HOST:PORT"},
      {{"--listen=0.0.0.0:0"}, "--insecure-listen"},
      {{"--listen=[::]:0"}, "--tls-ca"},
      {{"--tls-ca=ca.pem"}, "all or none"},
      {{"--allow-destination=10.0.0.0/40"}, "10.0.0.0/40"},
  };
  for (const auto& [words, reason] : cases) {
    const AgentRun run = RunAgentProgram(words);
    EXPECT_EQ(run.status, 2) << words.front();
    EXPECT_THAT(run.output, HasSubstr(reason));
  }
}

TEST(AgentProgramTest, WhatKeepsItFromStartingIsNamed) {
  const AgentProcess other;
  const std::string spool = testing::TempDir() + "/spool";
  const std::pair<std::vector<std::string>, std::string> cases[] = {
      {{"--listen=" + other.address(), "--spool=" + spool}, other.address() + " is in use"},
      {{"--listen=127.0.0.1:0", "--catalogue=/nonexistent/c.textproto", "--spool=" + spool},
       "/nonexistent/c.textproto"},
      {{"--listen=127.0.0.1:0", "--spool=/proc/nowhere"}, "/proc/nowhere"},
      {{"--listen=127.0.0.1:0", "--spool=" + spool, "--tls-ca=/nonexistent/ca", "--tls-cert=c",
        "--tls-key=k"},
       "/nonexistent/ca"},
  };
  for (const auto& [words, reason] : cases) {
    const AgentRun run = RunAgentProgram(words);
    EXPECT_EQ(run.status, 1) << reason;
    EXPECT_THAT(run.output, HasSubstr(reason));
  }
}

TEST(AgentProgramTest, TellsItsVersionAndItsFlags) {
  const AgentRun version = RunAgentProgram({"--version"});
  EXPECT_EQ(version.status, 0);
  EXPECT_THAT(version.output, HasSubstr(kAssayVersion));
  const AgentRun help = RunAgentProgram({"--help"});
  EXPECT_EQ(help.status, 0);
  EXPECT_THAT(help.output, HasSubstr("--allow-destination"));
}

TEST(AgentProgramTest, AnIdleAgentEndsWellOnEachOfItsEnds) {
  for (const int signal : {SIGTERM, SIGINT}) {
    AgentProcess agent;
    EXPECT_EQ(agent.End(signal), 0);
    EXPECT_TRUE(std::filesystem::is_empty(agent.spool()));
  }
  AgentProcess child({"--exit-with-parent"});
  EXPECT_EQ(child.CloseInputAndWait(), 0);
}

TEST(AgentProgramTest, SigtermEndsRunningPartsAndLeavesNothing) {
  AgentProcess agent;
  const OpenRequest server = ServerRequest("e", "good");
  ASSERT_TRUE(OpenPart(agent.stub(), server).ok());
  ControlClient server_control(agent.stub(), server.part());
  const Ready ready = server_control.WaitFor(ControlEvent::kReady).ready();
  OpenRequest load = LoadRequest("e", ready.address());
  load.mutable_load()->mutable_window()->set_duration_ns(3'600'000'000'000);
  ASSERT_TRUE(OpenPart(agent.stub(), load).ok());
  ControlClient load_control(agent.stub(), load.part());
  ASSERT_TRUE(load_control.WaitFor(ControlEvent::kReady).has_ready());
  load_control.Start(AgentClock(agent.stub()));
  ASSERT_TRUE(load_control.WaitFor(ControlEvent::kStarted).has_started());
  EXPECT_THAT(ProcessesWithMark(agent.mark()), Not(IsEmpty()));
  const std::string pid = std::to_string(agent.pid());
  EXPECT_EQ(agent.End(SIGTERM), 0);
  EXPECT_THAT(ProcessesWithMark(agent.mark()), IsEmpty());
  EXPECT_TRUE(std::filesystem::is_empty(agent.spool()));
}

// A machine that loses its agent must not go on serving, and the next agent clears up behind it.
TEST(AgentProgramTest, AKilledAgentTakesItsServersAlongAndTheNextOneClearsItsSpool) {
  AgentProcess agent;
  const OpenRequest server = ServerRequest("e", "stubborn");
  ASSERT_TRUE(OpenPart(agent.stub(), server).ok());
  ControlClient control(agent.stub(), server.part());
  ASSERT_TRUE(control.WaitFor(ControlEvent::kReady).has_ready());
  EXPECT_EQ(agent.End(SIGKILL), 128 + SIGKILL);
  EXPECT_THAT(WaitUntilNoneHasMark(agent.mark()), IsEmpty());
  EXPECT_FALSE(std::filesystem::is_empty(agent.spool()));
  AgentProcess next({}, agent.spool());
  EXPECT_EQ(next.End(SIGTERM), 0);
  EXPECT_TRUE(std::filesystem::is_empty(agent.spool()));
}

TEST(AgentProgramTest, DescribesItselfItsTargetsAndItsHost) {
  AgentProcess agent;
  AgentDescription description;
  ASSERT_TRUE(agent.stub().Describe(NewContext().get(), DescribeRequest(), &description).ok());
  EXPECT_EQ(description.version(), kAssayVersion);
  EXPECT_EQ(description.cpus(), CpuSet::AllowedForThisProcess()->ToString());
  EXPECT_EQ(description.cpu_count(), CpuSet::AllowedForThisProcess()->Count());
  EXPECT_GT(description.file_descriptor_limit(), 0u);
  EXPECT_EQ(description.instance_id().size(), 16u);
  EXPECT_TRUE(CpuSet::Parse(description.default_server_cpus()).ok());
  EXPECT_THAT(description.environment().at("kernel.release"), Not(IsEmpty()));
  EXPECT_FALSE(description.abilities().perf_events().empty());
  std::map<std::string, TargetDescription> targets;
  for (const TargetDescription& target : description.targets()) targets[target.name()] = target;
  EXPECT_TRUE(targets["epoll"].installed());
  EXPECT_THAT(targets["epoll"].version(), HasSubstr(kAssayVersion));
  EXPECT_FALSE(targets["not_installed"].installed());
  EXPECT_EQ(targets["not_installed"].install(), "apt-get install nonexistent");
}

}  // namespace
}  // namespace assay

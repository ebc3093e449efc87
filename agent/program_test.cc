// Tests the program: its command line, its shutdown, and its description of itself.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "agent/jobs/address.h"
#include "agent/launcher/marked_processes.h"
#include "agent/testing/agent_process.h"
#include "agent/testing/job_client.h"
#include "common/cpu_set.h"
#include "common/file.h"
#include "common/unique_fd.h"
#include "common/version.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace assay::agent {
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
  for (const auto& [flags, reason] : cases) {
    const AgentRun run = RunAgentProgram(flags);
    EXPECT_EQ(run.status, 2) << flags.front();
    EXPECT_THAT(run.output, HasSubstr(reason));
  }
}

TEST(AgentProgramTest, StartupErrorsNameTheirCause) {
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
  for (const auto& [flags, reason] : cases) {
    const AgentRun run = RunAgentProgram(flags);
    EXPECT_EQ(run.status, 1) << reason;
    EXPECT_THAT(run.output, HasSubstr(reason));
  }
}

TEST(AgentProgramTest, PrintsItsVersionAndItsFlags) {
  const AgentRun version = RunAgentProgram({"--version"});
  EXPECT_EQ(version.status, 0);
  EXPECT_THAT(version.output, HasSubstr(kAssayVersion));
  const AgentRun help = RunAgentProgram({"--help"});
  EXPECT_EQ(help.status, 0);
  EXPECT_THAT(help.output, HasSubstr("--allow-destination"));
}

TEST(AgentProgramTest, AnIdleAgentEndsCleanlyOnSignalsAndAtTheEndOfItsInput) {
  for (const int signal : {SIGTERM, SIGINT}) {
    AgentProcess agent;
    EXPECT_EQ(agent.End(signal), 0);
    EXPECT_TRUE(std::filesystem::is_empty(agent.spool()));
  }
  AgentProcess child({"--exit-with-parent"});
  EXPECT_EQ(child.CloseInputAndWait(), 0);
}

TEST(AgentProgramTest, SigtermEndsRunningJobsAndTheirProcesses) {
  AgentProcess agent;
  const OpenRequest server = ServerRequest("e", "good");
  ASSERT_TRUE(OpenJob(agent.stub(), server).ok());
  ControlClient server_control(agent.stub(), server.job());
  const Ready ready = server_control.WaitFor(ControlEvent::kReady).ready();
  OpenRequest load = LoadRequest("e", ready.address());
  load.mutable_load()->mutable_window()->set_duration_ns(3'600'000'000'000);
  ASSERT_TRUE(OpenJob(agent.stub(), load).ok());
  ControlClient load_control(agent.stub(), load.job());
  ASSERT_TRUE(load_control.WaitFor(ControlEvent::kReady).has_ready());
  load_control.Start(AgentClock(agent.stub()));
  ASSERT_TRUE(load_control.WaitFor(ControlEvent::kStarted).has_started());
  EXPECT_THAT(ProcessesWithMark(agent.mark()), Not(IsEmpty()));
  const std::string pid = std::to_string(agent.pid());
  EXPECT_EQ(agent.End(SIGTERM), 0);
  EXPECT_THAT(ProcessesWithMark(agent.mark()), IsEmpty());
  EXPECT_TRUE(std::filesystem::is_empty(agent.spool()));
}

// Servers must end when their agent is killed, and the next agent must clean up.
TEST(AgentProgramTest, AKilledAgentsServersEndAndTheNextAgentClearsItsSpool) {
  AgentProcess agent;
  const OpenRequest server = ServerRequest("e", "stubborn");
  ASSERT_TRUE(OpenJob(agent.stub(), server).ok());
  ControlClient control(agent.stub(), server.job());
  ASSERT_TRUE(control.WaitFor(ControlEvent::kReady).has_ready());
  EXPECT_EQ(agent.End(SIGKILL), 128 + SIGKILL);
  EXPECT_THAT(WaitUntilNoneHasMark(agent.mark()), IsEmpty());
  EXPECT_FALSE(std::filesystem::is_empty(agent.spool()));
  AgentProcess next({}, agent.spool());
  EXPECT_EQ(next.End(SIGTERM), 0);
  EXPECT_TRUE(std::filesystem::is_empty(agent.spool()));
}

// The client's end of a silent connection.
UniqueFd SilentConnection(const std::string& address) {
  const HostPort to = *HostPort::Parse(address);
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_port = htons(to.port);
  inet_pton(AF_INET, to.host.c_str(), &name.sin_addr);
  UniqueFd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  EXPECT_EQ(connect(fd.get(), reinterpret_cast<sockaddr*>(&name), sizeof name), 0);
  return fd;
}

rlim_t OpenDescriptors(pid_t pid) {
  rlim_t count = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/fd")) {
    (void)entry;
    ++count;
  }
  return count;
}

// Uses a new connection, which the agent may refuse a few times first.
bool AnswersNewConnections(const AgentProcess& agent) {
  const std::unique_ptr<grpc::ClientContext> context = NewContext();
  context->set_wait_for_ready(true);
  PingReply reply;
  const grpc::Status status = agent.NewStub()->Ping(context.get(), PingRequest(), &reply);
  return status.ok() && reply.monotonic_ns() > 0;
}

// gRPC's own listener stops at the first connection for which there is no descriptor.
TEST(AgentProgramTest, AcceptsAgainAfterALackOfDescriptors) {
  AgentProcess agent;
  AgentClock(agent.stub());
  rlimit before{};
  ASSERT_EQ(prlimit(agent.pid(), RLIMIT_NOFILE, nullptr, &before), 0);
  const rlimit few{.rlim_cur = OpenDescriptors(agent.pid()) + 3, .rlim_max = before.rlim_max};
  ASSERT_EQ(prlimit(agent.pid(), RLIMIT_NOFILE, &few, nullptr), 0);
  std::vector<UniqueFd> connections;
  std::vector<pollfd> ends;
  for (int i = 0; i < 50; ++i) {
    connections.push_back(SilentConnection(agent.address()));
    ends.push_back({.fd = connections.back().get(), .events = POLLRDHUP, .revents = 0});
  }
  // The first closed connection shows a lack of descriptors, because far fewer connections than allowed are open.
  EXPECT_GT(poll(ends.data(), ends.size(), 60'000), 0);
  connections.clear();
  ASSERT_EQ(prlimit(agent.pid(), RLIMIT_NOFILE, &before, nullptr), 0);
  EXPECT_TRUE(AnswersNewConnections(agent));
  EXPECT_EQ(agent.End(SIGTERM), 0);
}

TEST(AgentProgramTest, SilentConnectionsDoNotBlockAController) {
  AgentProcess agent;
  std::vector<UniqueFd> connections;
  for (int i = 0; i < 600; ++i) connections.push_back(SilentConnection(agent.address()));
  EXPECT_TRUE(AnswersNewConnections(agent));
  const absl::Time deadline = absl::Now() + absl::Seconds(60);
  while (OpenDescriptors(agent.pid()) >= 400 && absl::Now() < deadline) {
    absl::SleepFor(absl::Milliseconds(10));
  }
  EXPECT_LT(OpenDescriptors(agent.pid()), 400u);
  EXPECT_EQ(agent.End(SIGTERM), 0);
}

// Simulates a small `ulimit -u`, which does not apply to root: the address space is too small for a thread's stack.
TEST(AgentProgramTest, RefusesJobsWithoutThreadsAndEndsCleanly) {
  rlimit stack{};
  ASSERT_EQ(getrlimit(RLIMIT_STACK, &stack), 0);
  const rlimit large{.rlim_cur = rlim_t{1} << 30, .rlim_max = stack.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_STACK, &large), 0) << "the stack size of each thread of the agent";
  AgentProcess agent;
  ASSERT_EQ(setrlimit(RLIMIT_STACK, &stack), 0);
  AgentClock(agent.stub());
  const absl::StatusOr<std::string> statm =
      ReadFile("/proc/" + std::to_string(agent.pid()) + "/statm");
  ASSERT_TRUE(statm.ok()) << statm.status();
  const rlim_t used = strtoull(statm->c_str(), nullptr, 10) * static_cast<rlim_t>(getpagesize());
  const rlimit tight{.rlim_cur = used + (rlim_t{256} << 20), .rlim_max = RLIM_INFINITY};
  ASSERT_EQ(prlimit(agent.pid(), RLIMIT_AS, &tight, nullptr), 0);
  // gRPC's threads come and go. A job may get the memory of such a thread and then keeps it.
  int refusals = 0;
  for (int i = 0; i < 50; ++i) {
    const grpc::Status opened =
        OpenJob(agent.stub(), LoadRequest("e" + std::to_string(i), "127.0.0.1:9"));
    if (opened.ok()) continue;
    ASSERT_EQ(opened.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED) << opened.error_message();
    ASSERT_THAT(opened.error_message(), HasSubstr("thread"));
    ++refusals;
  }
  EXPECT_GT(refusals, 0);
  EXPECT_GT(AgentClock(agent.stub()), 0);
  EXPECT_EQ(agent.End(SIGTERM), 0);
}

TEST(AgentProgramTest, RefusesToStartWithAKeyOfAnotherCertificate) {
  const std::string folder = testing::TempDir();
  for (const char* name : {"one", "two"}) {
    const std::string command = "cd '" + folder +
                                "' && openssl req -x509 -newkey ec -pkeyopt "
                                "ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=" +
                                name + " -keyout " + name + ".key -out " + name +
                                ".pem 2>openssl.txt";
    ASSERT_EQ(system(command.c_str()), 0) << command;
  }
  const AgentRun run =
      RunAgentProgram({"--listen=127.0.0.1:0", "--spool=" + folder + "/tls-spool",
                       "--tls-ca=" + folder + "/one.pem", "--tls-cert=" + folder + "/one.pem",
                       "--tls-key=" + folder + "/two.key"});
  EXPECT_EQ(run.status, 1);
  EXPECT_THAT(run.output, HasSubstr("do not match"));
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
  EXPECT_FALSE(targets["epoll"].alone());
  EXPECT_TRUE(targets["alone"].alone());
  EXPECT_FALSE(targets["not_installed"].installed());
  EXPECT_EQ(targets["not_installed"].install(), "apt-get install nonexistent");
}

}  // namespace
}  // namespace assay::agent

// Tests server jobs over gRPC with real processes: each way in which a server can fail has its own failure kind.

#include <signal.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "agent/jobs/address.h"
#include "agent/launcher/marked_processes.h"
#include "agent/telemetry/process_cpu.h"
#include "agent/telemetry/throttling.h"
#include "agent/testing/agent_process.h"
#include "agent/testing/job_client.h"
#include "common/cpu_set.h"
#include "common/file.h"
#include "common/process_tree.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace assay::agent {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

bool KernelReportsRunDelay() {
  return ParseRunDelay(ReadFile("/proc/self/schedstat").value_or("")).has_value();
}

class ServerRoleTest : public ::testing::Test {
 protected:
  grpc::Status Refusal(const OpenRequest& request) {
    const grpc::Status refused = OpenJob(agent_.stub(), request);
    EXPECT_FALSE(refused.ok());
    ControlClient control(agent_.stub(), request.job());
    EXPECT_EQ(control.Next().event_case(), ControlEvent::EVENT_NOT_SET);
    EXPECT_EQ(control.Finish().error_code(), grpc::StatusCode::NOT_FOUND)
        << "it exists all the same";
    return refused;
  }

  // Opens a job of this target and returns its first event.
  ControlEvent FirstEvent(const std::string& target) {
    const OpenRequest request = ServerRequest(target, target);
    const grpc::Status opened = OpenJob(agent_.stub(), request);
    EXPECT_TRUE(opened.ok()) << opened.error_message();
    ControlClient control(agent_.stub(), request.job());
    return control.Next();
  }

  AgentProcess agent_;
};

TEST_F(ServerRoleTest, ServesIsMeasuredAndEndsOnClose) {
  const OpenRequest request = ServerRequest("e", "epoll");
  ASSERT_TRUE(OpenJob(agent_.stub(), request).ok());
  ControlClient control(agent_.stub(), request.job());
  const ControlEvent ready = control.Next();
  ASSERT_TRUE(ready.has_ready()) << ready.DebugString();
  EXPECT_EQ(ready.sequence(), 1u);
  EXPECT_EQ(ready.ready().cpus(), request.server().cpus());
  EXPECT_THAT(ready.ready().build_id(), SizeIs(40));
  EXPECT_THAT(ready.ready().version(), HasSubstr("server"));
  const pid_t pid = static_cast<pid_t>(ready.ready().pid());
  EXPECT_EQ(ReadProcessStat(pid)->name, "server");
  EXPECT_TRUE(AcceptsConnections(*HostPort::Parse(ready.ready().address())));

  control.Start(AgentClock(agent_.stub()));
  const ControlEvent finished = control.WaitFor(ControlEvent::kServerFinished);
  ASSERT_TRUE(finished.has_server_finished()) << finished.DebugString();
  const ServerFinished& figures = finished.server_finished();
  EXPECT_GT(figures.window_ns(), 0) << "the time between the two readings";
  EXPECT_GE(figures.cpu_ns(), 0);
  EXPECT_LE(figures.cpu_ns(), figures.window_ns()) << "one CPU";
  EXPECT_GT(figures.rss_bytes(), 100'000);
  EXPECT_GE(figures.steal_ns(), 0);
  EXPECT_GE(figures.foreign_ns(), 0);
  EXPECT_EQ(figures.actual_cpus(), request.server().cpus());
  EXPECT_EQ(figures.has_run_delay_ns(), KernelReportsRunDelay());
  EXPECT_EQ(figures.host_counters().count("cpu.throttled") > 0,
            ReadThrottleCount(*CpuSet::Parse(request.server().cpus())).ok());
  EXPECT_EQ(figures.slots_size(), 0);
  EXPECT_FALSE(figures.has_idle_cpu_ns());

  EXPECT_TRUE(CloseJob(agent_.stub(), request.job()).ok());
  EXPECT_TRUE(absl::IsNotFound(ReadProcessStat(pid).status()));
  EXPECT_FALSE(AcceptsConnections(*HostPort::Parse(ready.ready().address())));
  EXPECT_EQ(control.Next().event_case(), ControlEvent::EVENT_NOT_SET);
  EXPECT_TRUE(control.Finish().ok());
  EXPECT_TRUE(CloseJob(agent_.stub(), request.job()).ok()) << "a repeated Close has no effect";
}

TEST_F(ServerRoleTest, AWindowInRequestsEndsWithStop) {
  OpenRequest request = ServerRequest("e", "good");
  request.mutable_server()->mutable_window()->clear_duration_ns();
  request.mutable_server()->mutable_window()->clear_warmup_ns();
  request.mutable_server()->mutable_window()->set_requests(100);
  ASSERT_TRUE(OpenJob(agent_.stub(), request).ok());
  ControlClient control(agent_.stub(), request.job());
  ASSERT_TRUE(control.Next().has_ready());
  const int64_t start_ns = AgentClock(agent_.stub());
  control.Start(start_ns);
  while (AgentClock(agent_.stub()) < start_ns + 50'000'000) {
  }
  control.Stop();
  const ControlEvent finished = control.Next();
  ASSERT_TRUE(finished.has_server_finished()) << finished.DebugString();
  EXPECT_GT(finished.server_finished().window_ns(), 0);
  EXPECT_LE(finished.server_finished().window_ns(), finished.monotonic_ns() - start_ns);
}

// Servers that are alive together. Each has every third slot; the tests stop them long before the last slot.
class ServerSlotsTest : public ServerRoleTest {
 protected:
  static constexpr uint32_t kSlots = 30'000;
  static constexpr int64_t kSlotNs = 8'000'000;

  OpenRequest Request(const std::string& execution, const std::string& target, uint32_t first) {
    OpenRequest request = ServerRequest(execution, target);
    request.set_group("block");
    SlotSchedule& slots = *request.mutable_server()->mutable_slots();
    slots.set_lead_ns(50'000'000);
    slots.set_period_ns(10'000'000);
    slots.set_slot_ns(kSlotNs);
    slots.set_count(kSlots);
    slots.set_warmup_count(3);
    for (uint32_t index = first; index < kSlots; index += 3) slots.add_own(index);
    request.mutable_server()->mutable_window()->set_duration_ns((kSlots / 3 - 1) * kSlotNs);
    return request;
  }
};

// CPU time outside of a server's slots is used at the expense of the others.
TEST_F(ServerSlotsTest, TheTimeThatAServerUsesOutsideItsSlotsIsIdleCpuTime) {
  const std::vector<OpenRequest> requests = {Request("a", "good", 0), Request("b", "busy", 1),
                                             Request("c", "busy", 2)};
  std::vector<std::unique_ptr<ControlClient>> controls;
  std::vector<pid_t> pids;
  for (const OpenRequest& request : requests) {
    const grpc::Status opened = OpenJob(agent_.stub(), request);
    ASSERT_TRUE(opened.ok()) << opened.error_message();
    controls.push_back(std::make_unique<ControlClient>(agent_.stub(), request.job()));
    const ControlEvent ready = controls.back()->Next();
    ASSERT_TRUE(ready.has_ready()) << ready.DebugString();
    pids.push_back(static_cast<pid_t>(ready.ready().pid()));
  }
  const int64_t start_ns = AgentClock(agent_.stub());
  for (const auto& control : controls) control->Start(start_ns);
  // In CPU time, so that it does not matter what else runs on the machine.
  for (const pid_t pid : {pids[1], pids[2]}) {
    const int64_t until_ns = *ProcessCpuNanos(pid) + 200'000'000;
    while (*ProcessCpuNanos(pid) < until_ns) AgentClock(agent_.stub());
  }
  std::vector<ServerFinished> figures;
  for (const auto& control : controls) {
    control->Stop();
    const ControlEvent finished = control->WaitFor(ControlEvent::kServerFinished);
    ASSERT_TRUE(finished.has_server_finished()) << finished.DebugString();
    figures.push_back(finished.server_finished());
  }
  for (uint32_t first = 0; first < 3; ++first) {
    const ServerFinished& one = figures[first];
    ASSERT_GT(one.slots_size(), 0);
    ASSERT_LT(one.slots_size(), static_cast<int>(kSlots / 3 - 1)) << "it was stopped";
    int64_t sum_ns = 0;
    for (int i = 0; i < one.slots_size(); ++i) {
      EXPECT_EQ(one.slots(i).index(), first + 3 * (i + 1)) << "without the warm-up slot";
      sum_ns += one.slots(i).cpu_ns();
    }
    EXPECT_EQ(one.cpu_ns(), sum_ns);
    EXPECT_EQ(one.window_ns(), one.slots_size() * kSlotNs);
    EXPECT_GT(one.idle_ns(), 0);
  }
  for (const int busy : {1, 2}) {
    EXPECT_GT(figures[busy].idle_cpu_ns(), 40'000'000) << "of 200 ms, two thirds of the time";
    EXPECT_LT(figures[0].idle_cpu_ns(), figures[busy].idle_cpu_ns() / 10);
    // Both use all of one CPU, so each waits for the other.
    if (KernelReportsRunDelay()) {
      EXPECT_GT(figures[busy].run_delay_ns(), 50'000'000);
    }
  }
}

TEST_F(ServerSlotsTest, AServerOutsideTheGroupDoesNotShareItsCpu) {
  ASSERT_TRUE(OpenJob(agent_.stub(), Request("a", "good", 0)).ok());
  OpenRequest other = Request("b", "good", 1);
  other.set_group("another block");
  EXPECT_EQ(Refusal(other).error_code(), grpc::StatusCode::INVALID_ARGUMENT) << "not an id";
  other.set_group("another-block");
  EXPECT_EQ(Refusal(other).error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(Refusal(ServerRequest("b", "good")).error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
}

TEST_F(ServerSlotsTest, ATargetThatMustBeAloneIsNotInterleaved) {
  const grpc::Status refused = Refusal(Request("a", "alone", 0));
  EXPECT_EQ(refused.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_THAT(refused.error_message(), HasSubstr("sequential design"));
  EXPECT_TRUE(OpenJob(agent_.stub(), ServerRequest("a", "alone")).ok());
}

// Memory layout differs between two starts only if the environment really does.
TEST_F(ServerRoleTest, TheServersEnvironmentHasThePaddingThatIsAskedFor) {
  for (const uint32_t padding : {0, 1'234}) {
    OpenRequest request = ServerRequest("e", "good");
    request.mutable_server()->set_environment_padding(padding);
    ASSERT_TRUE(OpenJob(agent_.stub(), request).ok());
    ControlClient control(agent_.stub(), request.job());
    const ControlEvent ready = control.Next();
    ASSERT_TRUE(ready.has_ready()) << ready.DebugString();
    const std::string environment =
        *ReadFile(absl::StrCat("/proc/", ready.ready().pid(), "/environ"));
    const size_t at = environment.find("ASSAY_PADDING=");
    if (padding == 0) {
      EXPECT_EQ(at, std::string::npos);
    } else {
      ASSERT_NE(at, std::string::npos);
      EXPECT_EQ(environment.find('\0', at) - environment.find('=', at) - 1, padding);
    }
    EXPECT_TRUE(CloseJob(agent_.stub(), request.job()).ok());
  }
}

TEST_F(ServerRoleTest, RefusesAnUnknownTargetAndListsTheTargets) {
  const grpc::Status refused = Refusal(ServerRequest("e", "gud"));
  EXPECT_EQ(refused.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_THAT(refused.error_message(), HasSubstr("good"));
  EXPECT_THAT(refused.error_message(), HasSubstr("epoll"));
}

TEST_F(ServerRoleTest, RefusesATargetThatIsNotInstalledWithARemedy) {
  const grpc::Status refused = Refusal(ServerRequest("e", "not_installed"));
  EXPECT_EQ(refused.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_THAT(refused.error_message(), HasSubstr("apt-get install nonexistent"));
}

TEST_F(ServerRoleTest, AnOptionThatTheTargetDoesNotHaveIsRefused) {
  OpenRequest request = ServerRequest("e", "good");
  (*request.mutable_server()->mutable_options())["colour"] = "red";
  const grpc::Status refused = Refusal(request);
  EXPECT_EQ(refused.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(refused.error_message(), HasSubstr("colour"));
}

TEST_F(ServerRoleTest, RefusesACpuThatDoesNotExistAndListsTheCpus) {
  OpenRequest request = ServerRequest("e", "good");
  request.mutable_server()->set_cpus("4095");
  const grpc::Status refused = Refusal(request);
  EXPECT_EQ(refused.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(refused.error_message(), HasSubstr("CPU 4095 does not exist"));
}

TEST_F(ServerRoleTest, RefusesACpuOfAnotherExecutionAndNamesTheLikelyHolder) {
  ASSERT_TRUE(OpenJob(agent_.stub(), ServerRequest("first", "good")).ok());
  const grpc::Status refused = Refusal(ServerRequest("second", "good"));
  EXPECT_EQ(refused.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_THAT(refused.error_message(), HasSubstr("server of execution fi..."));
  ASSERT_TRUE(CloseJob(agent_.stub(), ServerRequest("first", "good").job()).ok());
  EXPECT_TRUE(OpenJob(agent_.stub(), ServerRequest("second", "good")).ok());
}

TEST_F(ServerRoleTest, ServesBeyondLoopbackOnlyIfTheAgentListensThere) {
  OpenRequest request = ServerRequest("e", "good");
  request.mutable_server()->set_listen_host("0.0.0.0");
  EXPECT_EQ(Refusal(request).error_code(), grpc::StatusCode::PERMISSION_DENIED);
}

TEST_F(ServerRoleTest, ACrashAtStartReportsTheLastOutput) {
  const ControlEvent event = FirstEvent("crash_at_start");
  ASSERT_TRUE(event.has_failure()) << event.DebugString();
  EXPECT_EQ(event.failure().kind(), Failure::CRASHED);
  EXPECT_EQ(event.failure().ended(), "exit 3");
  EXPECT_THAT(event.failure().last_output(), HasSubstr("the moon is in the wrong phase"));
  EXPECT_THAT(event.failure().message(), HasSubstr("crash_at_start"));
}

TEST_F(ServerRoleTest, ACrashOfAnIdleServerReportsTheLastOutput) {
  const OpenRequest request = ServerRequest("e", "crash_on_hup");
  ASSERT_TRUE(OpenJob(agent_.stub(), request).ok());
  ControlClient control(agent_.stub(), request.job());
  const ControlEvent ready = control.Next();
  ASSERT_TRUE(ready.has_ready());
  ASSERT_EQ(kill(static_cast<pid_t>(ready.ready().pid()), SIGHUP), 0);
  const ControlEvent event = control.Next();
  ASSERT_TRUE(event.has_failure()) << event.DebugString();
  EXPECT_EQ(event.failure().kind(), Failure::CRASHED);
  EXPECT_EQ(event.failure().ended(), "signal 11 (SIGSEGV)");
  EXPECT_THAT(event.failure().last_output(), HasSubstr("cannot go on like this"));
}

TEST_F(ServerRoleTest, AWrongResponseIsReportedBeforeAnyLoad) {
  const ControlEvent event = FirstEvent("wrong");
  ASSERT_TRUE(event.has_failure()) << event.DebugString();
  EXPECT_EQ(event.failure().kind(), Failure::WRONG_ANSWER);
  EXPECT_THAT(event.failure().message(), HasSubstr("GET /plaintext"));
  EXPECT_THAT(event.failure().difference(), HasSubstr("world!"));
  EXPECT_THAT(ProcessesWithMark(agent_.mark()), IsEmpty())
      << "the server must have ended before the failure is reported";
}

TEST_F(ServerRoleTest, FailsAServerThatNeverBecomesReady) {
  const ControlEvent event = FirstEvent("never_ready");
  ASSERT_TRUE(event.has_failure()) << event.DebugString();
  EXPECT_EQ(event.failure().kind(), Failure::NOT_READY);
  // Its last response is in the message too, if the machine let it respond in that time.
  EXPECT_THAT(event.failure().message(), HasSubstr("not ready within 300ms"));
}

TEST_F(ServerRoleTest, AFailureNamesThePortInUse) {
  const OpenRequest first = ServerRequest("e", "good");
  ASSERT_TRUE(OpenJob(agent_.stub(), first).ok());
  ControlClient control(agent_.stub(), first.job());
  const ControlEvent ready = control.Next();
  AgentProcess other;
  OpenRequest second = ServerRequest("f", "good");
  second.mutable_server()->set_port(HostPort::Parse(ready.ready().address())->port);
  ASSERT_TRUE(OpenJob(other.stub(), second).ok());
  ControlClient other_control(other.stub(), second.job());
  const ControlEvent event = other_control.Next();
  ASSERT_TRUE(event.has_failure()) << event.DebugString();
  EXPECT_EQ(event.failure().kind(), Failure::PORT_IN_USE);
  EXPECT_THAT(event.failure().message(), HasSubstr(ready.ready().address()));
}

// The server accepts and never responds, so the job is waiting for it.
TEST_F(ServerRoleTest, AStartingJobCanBeClosed) {
  const OpenRequest request = ServerRequest("e", "deaf");
  ASSERT_TRUE(OpenJob(agent_.stub(), request).ok());
  EXPECT_TRUE(CloseJob(agent_.stub(), request.job()).ok());
  EXPECT_THAT(ProcessesWithMark(agent_.mark()), IsEmpty());
}

TEST_F(ServerRoleTest, KillsAServerThatIgnoresSigtermWithItsDaemons) {
  const OpenRequest request = ServerRequest("e", "stubborn");
  ASSERT_TRUE(OpenJob(agent_.stub(), request).ok());
  ControlClient control(agent_.stub(), request.job());
  ASSERT_TRUE(control.Next().has_ready());
  EXPECT_GE(ProcessesWithMark(agent_.mark()).size(), 2u);
  EXPECT_TRUE(CloseJob(agent_.stub(), request.job()).ok());
  EXPECT_THAT(ProcessesWithMark(agent_.mark()), IsEmpty());
}

TEST_F(ServerRoleTest, ConfirmsOnlyAnExecutionThatItServes) {
  const OpenRequest request = ServerRequest("e", "good");
  ASSERT_TRUE(OpenJob(agent_.stub(), request).ok());
  ControlClient control(agent_.stub(), request.job());
  const HostPort address = *HostPort::Parse(control.Next().ready().address());
  const auto confirms = [this](const std::string& execution, const HostPort& destination) {
    ConfirmDestinationRequest question;
    question.set_execution_id(execution);
    question.set_destination(destination.ToString());
    ConfirmDestinationReply reply;
    EXPECT_TRUE(agent_.stub().ConfirmDestination(NewContext().get(), question, &reply).ok());
    return reply.confirmed();
  };
  EXPECT_TRUE(confirms("e", address));
  EXPECT_FALSE(confirms("f", address));
  EXPECT_FALSE(confirms("e", {"127.0.0.2", address.port}));
  EXPECT_FALSE(confirms("e", {"127.0.0.1", static_cast<uint16_t>(address.port ^ 1)}));
  ASSERT_TRUE(CloseJob(agent_.stub(), request.job()).ok());
  EXPECT_FALSE(confirms("e", address));
}

}  // namespace
}  // namespace assay::agent

// Tests of single executions: with real agents if a process of the agent ends, with a fake agent if the agent
// misbehaves.

#include "controller/campaign/execution_runner.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "common/file.h"
#include "common/runfiles.h"
#include "common/status_macros.h"
#include "common/testing/manual_clock.h"
#include "common/testing/wait_until.h"
#include "controller/campaign/campaign_fixture.h"
#include "controller/campaign/server_timeouts.h"
#include "controller/clients/fake_agent.h"
#include "controller/plan/cells.h"
#include "controller/plan/interleaving.h"
#include "controller/store/store_samples.h"

namespace assay::controller {
namespace {

class ExecutionRunnerTest : public CampaignFixture {
 protected:
  ExecutionRunnerTest() {
    CampaignRecord campaign;
    campaign.set_id("c1");
    EXPECT_TRUE(store_->CreateCampaign(campaign).ok());
  }

  // Starts agents whose catalogue has the target "crashing" with these arguments.
  void StartCrashingAgents(int count, const std::string& arguments) {
    const absl::StatusOr<std::string> program = AssayFile("controller/campaign/crashing_server");
    ASSERT_TRUE(program.ok()) << program.status();
    const std::string catalogue = absl::StrCat(TestFile(), ".textproto");
    ASSERT_TRUE(
        WriteFileAtomically(catalogue, absl::StrCat("targets { name: 'crashing' argv: '", *program,
                                                    "' argv: '{port}' ", arguments, " }"))
            .ok());
    StartAgents(count, {.catalogue = catalogue});
  }

  // Makes the first execution of the plan.
  absl::StatusOr<FinishedExecution> RunOnce(const std::string& plan_text) {
    const Plan plan = PlanOf(plan_text);
    ExecutionRunner runner(plan, "c1", *pool_, *store_, interruption_, /*quiet=*/1);
    ASSAY_ASSIGN_OR_RETURN(std::vector<FinishedExecution> finished,
                           runner.Run({{ScheduleOf(plan).front(), /*attempt=*/0}}));
    EXPECT_EQ(finished.size(), 1);
    return std::move(finished.front());
  }
};

std::string PlanFor(double seconds) {
  return absl::StrCat(R"(
    name: "once"
    targets { name: "crashing" }
    workloads { name: "any" path: "/" }
    load { closed { connections: [16] duration { seconds: )",
                      seconds, " } } warmup { seconds: 0.05 } }\nblocks: 1");
}

// Either the load detects the dead socket long before the server's agent has the last output, or both detect the failure
// at the same time.
class DyingServerTest : public ExecutionRunnerTest, public ::testing::WithParamInterface<int> {};

TEST_P(DyingServerTest, ReportsTheServerWithItsLastOutputIfItDiesWhileLoadsConnect) {
  StartCrashingAgents(2, absl::StrCat("argv: '6' argv: '", GetParam(), "'"));
  const auto finished = RunOnce(PlanFor(0.2));
  ASSERT_TRUE(finished.ok()) << finished.status();
  EXPECT_EQ(finished->record.status(), ExecutionRecord::FAILED);
  const ExecutionFailure& failure = finished->record.failure();
  EXPECT_EQ(failure.role(), JobId::SERVER) << failure.DebugString();
  EXPECT_EQ(failure.agent(), agents_[0]->address());
  EXPECT_EQ(failure.failure().kind(), Failure::CRASHED) << failure.DebugString();
  EXPECT_EQ(failure.failure().ended(), "exit 7");
  EXPECT_NE(failure.failure().last_output().find("one too many"), std::string::npos)
      << failure.DebugString();
}

INSTANTIATE_TEST_SUITE_P(LingerMs, DyingServerTest, ::testing::Values(0, 300));

// If the controller gave up before the agent did, the agent's error and the samples would be lost.
TEST_F(ExecutionRunnerTest, WaitsForTheAgentLongerThanItsCatalogueAllowsTheTarget) {
  StartCrashingAgents(1, "argv: '0' argv: '0' ready_timeout_s: 3000 stop_timeout_s: 25.5");
  const AgentDescription& slow = pool_->server().description();
  EXPECT_GT(ReadyTimeout(slow, "crashing"), absl::Seconds(3000));
  EXPECT_LT(ReadyTimeout(slow, "crashing"), absl::Seconds(3600));
  EXPECT_GT(CloseTimeout(slow, "crashing"), absl::Seconds(25.5));
  EXPECT_LT(CloseTimeout(slow, "crashing"), absl::Minutes(1));
  // An agent that does not report its timeouts, and an unknown target.
  EXPECT_GE(ReadyTimeout(AgentDescription(), "crashing"), absl::Seconds(60));
  EXPECT_GE(CloseTimeout(slow, ""), absl::Seconds(20));
}

TEST_F(ExecutionRunnerTest, AnAgentReportsTheDefaultTimeoutsOfATargetWithoutTimeouts) {
  StartCrashingAgents(1, "argv: '0' argv: '0'");
  ASSERT_EQ(pool_->server().description().targets_size(), 1);
  EXPECT_EQ(pool_->server().description().targets(0).ready_timeout_ms(), 10'000);
  EXPECT_EQ(pool_->server().description().targets(0).stop_timeout_ms(), 5'000);
}

// Adds all events of both jobs of one execution. Each job uses only its own.
void AddWholeExecution(FakeAgent& agent, const std::vector<DataRecord>& records,
                       const LoadFinished& finished) {
  ControlEvent ready;
  ready.mutable_ready()->set_address("127.0.0.1:9");
  agent.AddEvent(ready);
  ControlEvent started;
  started.mutable_started();
  agent.AddEvent(started);
  ControlEvent load_finished;
  *load_finished.mutable_load_finished() = finished;
  agent.AddEvent(load_finished);
  ControlEvent server_finished;
  server_finished.mutable_server_finished()->set_cpu_ns(1);
  agent.AddEvent(server_finished);
  for (const DataRecord& record : records) agent.AddRecord(record);
  DataRecord end;
  end.set_end(true);
  agent.AddRecord(end);
}

DataRecord SecondRecord(uint32_t second) {
  DataRecord record;
  record.mutable_second()->set_second(second);
  record.mutable_second()->set_ok(1);
  return record;
}

LoadFinished OneRequest() {
  LoadFinished finished;
  finished.set_ok(1);
  finished.set_samples_recorded(1'000);
  return finished;
}

// The lease ends a job that cannot be closed, so the measurement is still valid.
TEST_F(ExecutionRunnerTest, KeepsAMeasuredExecutionWhoseJobsCannotBeClosed) {
  FakeAgent agent;
  AddWholeExecution(agent, {SecondRecord(0)}, OneRequest());
  agent.RefuseClose({grpc::StatusCode::DEADLINE_EXCEEDED, "it does not end"});
  Connect({agent.address()});
  const auto finished = RunOnce(PlanFor(0.2));
  ASSERT_TRUE(finished.ok()) << finished.status();
  EXPECT_EQ(finished->record.status(), ExecutionRecord::MEASURED)
      << finished->record.failure().DebugString();
  EXPECT_EQ(finished->seconds.size(), 1);
  // Close was called once for each job.
  EXPECT_EQ(agent.closed(), 2);
}

// The kernel of a host with a hanging agent keeps the connections open. Only the missing lease shows that it hangs.
TEST_F(ExecutionRunnerTest, AnAgentThatHangsInAWindowFailsTheExecutionWhenItsLeaseExpires) {
  FakeAgent serves;
  FakeAgent hangs;
  ControlEvent ready;
  ready.mutable_ready()->set_address("127.0.0.1:9");
  serves.AddEvent(ready);
  hangs.AddEvent(ready);
  ControlEvent started;
  started.mutable_started();
  hangs.AddEvent(started);
  ManualClock clock;
  Connect({serves.address(), hangs.address()}, clock);
  std::atomic<bool> ended{false};
  std::thread time([&] {
    EXPECT_TRUE(WaitUntil([&] { return !hangs.commands().empty(); })) << "no window began";
    hangs.GrantNoLease();
    // The server's agent grants a renewal in each third of the lease, so it is not lost.
    for (int third = 1; !ended; ++third) {
      EXPECT_TRUE(WaitUntil([&] { return ended || serves.renewals() >= third; }));
      clock.Advance(kJobLease / 3);
    }
  });
  const auto finished = RunOnce(PlanFor(300));
  ended = true;
  time.join();
  ASSERT_TRUE(finished.ok()) << finished.status();
  EXPECT_EQ(finished->record.status(), ExecutionRecord::FAILED);
  const ExecutionFailure& failure = finished->record.failure();
  EXPECT_EQ(failure.agent(), hangs.address()) << failure.DebugString();
  EXPECT_EQ(failure.role(), JobId::LOAD);
  EXPECT_NE(failure.failure().message().find("granted no lease"), std::string::npos)
      << failure.DebugString();
}

// The gate sample_loss judges the difference between recorded and received samples.
TEST_F(ExecutionRunnerTest, DoesNotCountSamplesThatTheAgentRecordedButDidNotSend) {
  FakeAgent agent;
  DataRecord record;
  *record.mutable_samples() = PackedChunk(/*seed=*/1, 600);
  AddWholeExecution(agent, {record}, OneRequest());
  Connect({agent.address()});
  const auto finished = RunOnce(PlanFor(0.2));
  ASSERT_TRUE(finished.ok()) << finished.status();
  ASSERT_EQ(finished->record.status(), ExecutionRecord::MEASURED)
      << finished->record.failure().DebugString();
  EXPECT_EQ(finished->record.loads(0).finished().samples_recorded(), 1'000);
  EXPECT_EQ(finished->record.loads(0).samples_received(), 600);
}

// How a server ends in a slot while another one takes turns with it.
class EndInASlotTest : public ExecutionRunnerTest {
 protected:
  // Starts an agent with the targets "steady" and "ending", which ends in this way under load, in one of its first slots.
  void StartEnding(const std::string& end) {
    const absl::StatusOr<std::string> program = AssayFile("controller/campaign/crashing_server");
    ASSERT_TRUE(program.ok()) << program.status();
    const std::string begin =
        absl::StrCat("argv: '", *program, "' argv: '{port}' argv: '0' argv: '0' ");
    const std::string catalogue = absl::StrCat(TestFile(), ".textproto");
    ASSERT_TRUE(WriteFileAtomically(
                    catalogue,
                    absl::StrCat("targets { name: 'steady' ", begin, "}\ntargets { name: 'ending' ",
                                 begin, "argv: '500' argv: '", end, "' stop_timeout_s: 0.1 }"))
                    .ok());
    StartAgents(1, {.catalogue = catalogue});
  }

  // Runs a block of both targets. Ends the test if it fails or leaves a process behind.
  void RunBlock() {
    const Plan plan = PlanOf(R"(
      name: "in turn" targets { name: "steady" } targets { name: "ending" }
      workloads { name: "any" path: "/" } blocks: 1
      load { closed { connections: [4] duration { seconds: 2 } } warmup { seconds: 0.1 }
             timeout { seconds: 1 } }
      interleave { slot { seconds: 0.1 } })");
    const std::vector<ScheduledExecution> schedule = ScheduleOf(plan);
    ASSERT_EQ(schedule.size(), 2);
    ExecutionRunner runner(plan, "c1", *pool_, *store_, interruption_, /*quiet=*/1);
    // As in a later block: a stall of the machine lengthens no slot, so that the test takes seconds.
    ExecutionRecord earlier;
    earlier.set_status(ExecutionRecord::MEASURED);
    *earlier.mutable_cell() = schedule[0].cell;
    *earlier.mutable_slots() = SlotSchedulesOf(plan, schedule[0].cell, 0, 2, /*stretch=*/1)[0];
    runner.KeepSlotsOf(earlier);
    auto made = runner.Run({{schedule[0], /*attempt=*/0}, {schedule[1], /*attempt=*/0}});
    ASSERT_TRUE(made.ok()) << made.status();
    ASSERT_EQ(made->size(), 2);
    steady_ = (*made)[0].record;
    ending_ = (*made)[1].record;
    for (const ExecutionRecord* record : {&steady_, &ending_}) {
      const int64_t pid = record->server_ready().pid();
      ASSERT_GT(pid, 0);
      const absl::StatusOr<std::string> command = ReadFile(absl::StrCat("/proc/", pid, "/cmdline"));
      EXPECT_TRUE(!command.ok() || command->find("crashing_server") == std::string::npos)
          << record->cell().target() << " is left behind";
    }
    // The other target was measured in all its slots.
    EXPECT_EQ(steady_.status(), ExecutionRecord::MEASURED) << steady_.failure().ShortDebugString();
    EXPECT_GT(steady_.loads(0).finished().ok(), 0);
    EXPECT_EQ(steady_.loads(0).finished().errors(), 0);
  }

  ExecutionRecord steady_;
  ExecutionRecord ending_;
};

TEST_F(EndInASlotTest, AKilledServerFailsAloneAndTheMessageNamesTargetAndSlot) {
  StartEnding("kill");
  ASSERT_NO_FATAL_FAILURE(RunBlock());
  EXPECT_EQ(ending_.status(), ExecutionRecord::FAILED);
  const ExecutionFailure& failure = ending_.failure();
  EXPECT_EQ(failure.role(), JobId::SERVER) << failure.ShortDebugString();
  EXPECT_EQ(failure.failure().ended(), "signal 9 (SIGKILL)");
  const std::string& message = failure.failure().message();
  EXPECT_NE(message.find("target ending"), std::string::npos) << message;
  EXPECT_NE(message.find(absl::StrCat(" of ", ending_.slots().count())), std::string::npos)
      << message;
  EXPECT_NE(message.find(", in slot "), std::string::npos) << message;
}

// Its agent cannot tell that it does nothing. The load can: every later request times out.
TEST_F(EndInASlotTest, AStoppedServerTimesOutAloneAndIsKilledAtTheEnd) {
  StartEnding("stop");
  ASSERT_NO_FATAL_FAILURE(RunBlock());
  ASSERT_EQ(ending_.status(), ExecutionRecord::MEASURED) << ending_.failure().ShortDebugString();
  EXPECT_GT(ending_.loads(0).finished().timeouts(), 0);
}

TEST_F(EndInASlotTest, AServerThatClosesItsListenerAndConnectionsFailsRequestsAlone) {
  StartEnding("leave");
  ASSERT_NO_FATAL_FAILURE(RunBlock());
  if (ending_.status() == ExecutionRecord::MEASURED) {
    EXPECT_GT(ending_.loads(0).finished().errors(), 0);
  } else {
    const std::string& message = ending_.failure().failure().message();
    EXPECT_EQ(ending_.failure().role(), JobId::LOAD) << message;
    EXPECT_NE(message.find(", in slot "), std::string::npos) << message;
  }
}

// Overdue slots of a later block are the work of a stall: longer slots would make its figures differ from those of the
// blocks before it.
TEST_F(ExecutionRunnerTest, ALaterBlockWithOverdueSlotsIsMadeOnceMoreWithTheSameSlots) {
  const Plan plan = PlanOf(R"(
    name: "in turn" targets { name: "a" } targets { name: "b" } workloads { name: "any" path: "/" }
    load { closed { connections: [16] duration { seconds: 0.2 } } } blocks: 2)");
  const std::vector<ScheduledExecution> schedule = ScheduleOf(plan);
  const Cell& cell = schedule[0].cell;
  const SlotSchedule slots = SlotSchedulesOf(plan, cell, /*block=*/0, 2, kStretchStep)[0];
  LoadFinished finished = OneRequest();
  finished.set_overdue_slots(slots.own_size());
  FakeAgent agent;
  ControlEvent event;
  event.mutable_ready()->set_address("127.0.0.1:9");
  agent.AddEvent(event);
  event.mutable_started();
  agent.AddEvent(event);
  *event.mutable_load_finished() = finished;
  agent.AddEvent(event);
  // As many slots as are counted.
  for (uint32_t i = slots.warmup_count(); i < slots.count(); i += 2) {
    event.mutable_server_finished()->add_slots()->set_index(i);
  }
  agent.AddEvent(event);
  DataRecord end;
  end.set_end(true);
  agent.AddRecord(end);
  Connect({agent.address()});
  ExecutionRunner runner(plan, "c1", *pool_, *store_, interruption_, /*quiet=*/1);
  ExecutionRecord earlier;
  earlier.set_status(ExecutionRecord::MEASURED);
  *earlier.mutable_cell() = cell;
  *earlier.mutable_slots() = slots;
  runner.KeepSlotsOf(earlier);
  const auto made = runner.Run({{schedule[0], /*attempt=*/0}, {schedule[1], /*attempt=*/0}});
  ASSERT_TRUE(made.ok()) << made.status();
  ASSERT_EQ(made->size(), 2);
  for (const FinishedExecution& one : *made) {
    EXPECT_EQ(one.record.status(), ExecutionRecord::MEASURED)
        << one.record.failure().ShortDebugString();
    EXPECT_EQ(one.record.slots().slot_ns(), slots.slot_ns());
  }
  // Two starts of two executions with a server job and a load job each.
  EXPECT_EQ(agent.opened(), 2 * 2 * 2);
}

// Unusable data of an agent is not a store failure: the execution fails, and the failure names the agent.
void ExpectFailedBy(const FakeAgent& agent, const absl::StatusOr<FinishedExecution>& finished,
                    const std::string& what) {
  ASSERT_TRUE(finished.ok()) << finished.status();
  EXPECT_EQ(finished->record.status(), ExecutionRecord::FAILED);
  const ExecutionFailure& failure = finished->record.failure();
  EXPECT_EQ(failure.agent(), agent.address());
  EXPECT_EQ(failure.role(), JobId::LOAD);
  EXPECT_NE(failure.failure().message().find(agent.address()), std::string::npos)
      << failure.DebugString();
  EXPECT_NE(failure.failure().message().find("(fake)"), std::string::npos) << failure.DebugString();
  EXPECT_NE(failure.failure().message().find(what), std::string::npos) << failure.DebugString();
  EXPECT_TRUE(finished->chunks.empty());
}

TEST_F(ExecutionRunnerTest, ADamagedChunkFailsTheExecutionAndNamesTheAgent) {
  FakeAgent agent;
  DataRecord record;
  record.mutable_samples()->set_count(3);
  record.mutable_samples()->set_codec(SampleChunk::BLOCK_PACKED);
  record.mutable_samples()->set_payload("no samples");
  AddWholeExecution(agent, {record}, OneRequest());
  Connect({agent.address()});
  ExpectFailedBy(agent, RunOnce(PlanFor(0.2)), "checksum");
}

TEST_F(ExecutionRunnerTest, ADuplicateIntervalFailsTheExecutionAndNamesTheAgent) {
  FakeAgent agent;
  AddWholeExecution(agent, {SecondRecord(0), SecondRecord(0)}, OneRequest());
  Connect({agent.address()});
  ExpectFailedBy(agent, RunOnce(PlanFor(0.2)), "twice");
}

TEST_F(ExecutionRunnerTest, AnInvalidHistogramFailsTheExecutionAndNamesTheAgent) {
  FakeAgent agent;
  LoadFinished finished = OneRequest();
  finished.mutable_service()->set_layout(77);
  AddWholeExecution(agent, {}, finished);
  Connect({agent.address()});
  ExpectFailedBy(agent, RunOnce(PlanFor(0.2)), "layout 77");
}

}  // namespace
}  // namespace assay::controller

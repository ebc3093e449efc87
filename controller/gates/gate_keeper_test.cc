#include "controller/gates/gate_keeper.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "analysis/latency_histogram.h"
#include "controller/gates/failure_counts.h"
#include "google/protobuf/text_format.h"
#include "proto/convert/execution_figures.h"
#include "proto/convert/histogram_proto.h"

namespace assay::controller {
namespace {

template <typename Message>
Message Parsed(const std::string& text) {
  Message message;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &message));
  return message;
}

// An execution without any fault, on one host with two CPUs.
ExecutionRecord SoundExecution() {
  return Parsed<ExecutionRecord>(R"(
    cell { target: "epoll" workload: "json" mode: "closed" connections: 64 }
    status: MEASURED
    server { actual_cpus: "0" cpu_ns: 990000000 cpu_begin_ns: 5000 cpu_end_ns: 1000005000
             window_ns: 1000000000 begin_late_ns: 1000000 end_late_ns: 1000000
             involuntary_switches: 40 run_delay_ns: 10000000
             network_counters { key: "Tcp.RetransSegs" value: 0 }
             network_counters { key: "TcpExt.ListenOverflows" value: 0 }
             network_counters { key: "TcpExt.ListenDrops" value: 0 }
             host_counters { key: "cpu.throttled" value: 0 } }
    server_cpu_responses: 10000
    loads { agent: "local" samples_received: 10000
            ready { idle_gaps { lost_share: 0.01 } }
            finished { sent: 10000 ok: 10000 connections: 64 duration_ns: 1000000000
                       samples_recorded: 10000 busy_share: 0.5 actual_cpus: "1"
                       ok_in_window: 10000 cpu_responses: 10000 cpu_share: 0.4
                       run_delay_share: 0.01 think_ns: 1000000000 flight_ns: 63000000000
                       cycles: 10000 } }
    skew { agents: 1 }
  )");
}

class GateKeeperTest : public ::testing::Test {
 protected:
  GateKeeperTest() : rules_(*LoadGateRules()) {
    agent_ = Parsed<AgentRecord>(R"(
      address: "local" roles: SERVER roles: LOAD
      description { host: "h" environment { key: "kernel.boot_id" value: "1" } }
    )");
  }

  GateResult Judged(const std::string& gate, const ExecutionRecord& execution,
                    const Plan& plan = Plan()) {
    const std::vector<GateResult> results = JudgeExecution(rules_, plan, execution, {&agent_});
    const auto found = std::find_if(results.begin(), results.end(),
                                    [&](const GateResult& one) { return one.name() == gate; });
    EXPECT_NE(found, results.end()) << "no gate " << gate;
    return found == results.end() ? GateResult() : *found;
  }

  GateRules rules_;
  AgentRecord agent_;
};

TEST_F(GateKeeperTest, JudgesAnOpenLoopByItsSentRequests) {
  ExecutionRecord execution = SoundExecution();
  execution.mutable_cell()->set_mode("open");
  execution.mutable_cell()->set_rate_per_s(10'000);
  LoadFinished* finished = execution.mutable_loads(0)->mutable_finished();
  // More requests were due than the rate asks for, as is usual with Poisson arrivals.
  finished->set_offered_per_s(9'500);
  finished->set_ok_in_window(9'000);
  OutcomeCount& overflows = *finished->add_outcomes();
  overflows.set_outcome(OutcomeCount::QUEUE_OVERFLOW);
  overflows.set_count(3);
  EXPECT_EQ(Judged("load_not_delivered", execution).value(), 0.9);
  EXPECT_EQ(Judged("queue_overflow", execution).value(), 3);
  EXPECT_EQ(Judged("send_lag", execution).verdict(), GateResult::UNREADABLE);
}

// The throughput that results show, also of load agents whose windows differ in length.
TEST_F(GateKeeperTest, JudgesAnOpenLoopByTheThroughputThatIsShown) {
  ExecutionRecord execution = SoundExecution();
  execution.mutable_cell()->set_mode("open");
  execution.mutable_cell()->set_rate_per_s(10'000);
  *execution.add_loads() = execution.loads(0);
  execution.mutable_loads(0)->mutable_finished()->set_ok_in_window(9'000);
  execution.mutable_loads(1)->mutable_finished()->set_duration_ns(2'000'000'000);
  const Figures figures = FiguresOf(execution);
  EXPECT_EQ(figures.rps, 9'500);
  EXPECT_EQ(figures.offered_per_s, 10'000);
  EXPECT_EQ(Judged("load_not_delivered", execution).value(), 0.95);
}

TEST_F(GateKeeperTest, AValidExecutionOnOneHostOnlyWarnsAboutTheSharedHost) {
  for (const GateResult& gate : JudgeExecution(rules_, Plan(), SoundExecution(), {&agent_})) {
    EXPECT_EQ(gate.verdict(), gate.name() == "same_host" ? GateResult::WARN : GateResult::PASS)
        << gate.ShortDebugString();
    EXPECT_FALSE(gate.advice().empty());
  }
}

TEST_F(GateKeeperTest, UnaccountedRequestsVoidTheResult) {
  ExecutionRecord execution = SoundExecution();
  execution.mutable_loads(0)->mutable_finished()->set_sent(10'001);
  EXPECT_EQ(Judged("accounting", execution).verdict(), GateResult::INVALID);
}

TEST_F(GateKeeperTest, OneWrongResponseVoidsTheResult) {
  for (const OutcomeCount::Outcome outcome :
       {OutcomeCount::UNEXPECTED_STATUS, OutcomeCount::WRONG_LENGTH, OutcomeCount::WRONG_BODY,
        OutcomeCount::MALFORMED_RESPONSE}) {
    ExecutionRecord execution = SoundExecution();
    LoadFinished& finished = *execution.mutable_loads(0)->mutable_finished();
    finished.set_ok(9'999);
    finished.set_errors(1);
    OutcomeCount& count = *finished.add_outcomes();
    count.set_outcome(outcome);
    count.set_count(1);
    EXPECT_EQ(Judged("wrong_responses", execution).verdict(), GateResult::INVALID) << outcome;
  }
}

// The kinds are texts for people; a kind whose name contains "status" is no wrong response.
TEST(FailureCountsTest, CountsOutcomesAndReadsNamesOnlyOfOldRecords) {
  LoadFinished finished = Parsed<LoadFinished>(R"(
    error_kinds { key: "TLS status failure of the body" value: 7 }
    outcomes { outcome: TLS_FAILURE count: 7 }
    outcomes { outcome: WRONG_BODY count: 2 }
    outcomes { outcome: UNEXPECTED_STATUS count: 1 }
    outcomes { outcome: QUEUE_OVERFLOW count: 5 }
  )");
  EXPECT_EQ(FailureCountsOf(finished).wrong_responses, 3);
  EXPECT_EQ(FailureCountsOf(finished).queue_overflows, 5);
  finished = Parsed<LoadFinished>(R"(
    error_kinds { key: "unexpected status" value: 1 }
    error_kinds { key: "wrong body length" value: 2 }
    error_kinds { key: "wrong body" value: 4 }
    error_kinds { key: "malformed answer" value: 8 }
    error_kinds { key: "malformed response" value: 16 }
    error_kinds { key: "waiting queue overflow" value: 32 }
    error_kinds { key: "TLS status failure of the body" value: 64 }
  )");
  EXPECT_EQ(FailureCountsOf(finished).wrong_responses, 31);
  EXPECT_EQ(FailureCountsOf(finished).queue_overflows, 32);
}

TEST_F(GateKeeperTest, RecordedSamplesThatDidNotArriveCountAsLost) {
  ExecutionRecord execution = SoundExecution();
  execution.mutable_loads(0)->set_samples_received(9'000);
  EXPECT_EQ(Judged("sample_loss", execution).verdict(), GateResult::INVALID);
}

TEST_F(GateKeeperTest, ServerAndLoadOnTheSameCpuVoidTheResult) {
  ExecutionRecord execution = SoundExecution();
  execution.mutable_loads(0)->mutable_finished()->set_actual_cpus("0-1");
  EXPECT_EQ(Judged("pinning_overlap", execution).verdict(), GateResult::INVALID);
}

TEST_F(GateKeeperTest, UnreadableCpuListsDoNotPass) {
  ExecutionRecord execution = SoundExecution();
  execution.mutable_server()->clear_actual_cpus();
  EXPECT_EQ(Judged("pinning_overlap", execution).verdict(), GateResult::UNREADABLE);
}

// The busy share includes preemption, which is not work, and misses the CPU time of epoll_wait, which is.
TEST_F(GateKeeperTest, JudgesAGeneratorByItsCpuTimeAndASpinningOneByItsBusyTime) {
  ExecutionRecord execution = SoundExecution();
  execution.mutable_server()->set_cpu_ns(500'000'000);
  LoadFinished& finished = *execution.mutable_loads(0)->mutable_finished();
  finished.set_busy_share(0.99);
  EXPECT_EQ(Judged("generator_saturated", execution).value(), 0.4);
  finished.set_cpu_share(0.99);
  finished.set_busy_share(0.3);
  EXPECT_EQ(Judged("generator_saturated", execution).verdict(), GateResult::INVALID);
  finished.set_spins(true);
  EXPECT_EQ(Judged("generator_saturated", execution).value(), 0.3);
  finished.set_run_delay_share(0.2);
  EXPECT_EQ(Judged("generator_delayed", execution).verdict(), GateResult::WARN);
  finished.clear_run_delay_share();
  EXPECT_EQ(Judged("generator_delayed", execution).verdict(), GateResult::UNREADABLE);
}

TEST_F(GateKeeperTest, ReportsConnectionsThatAreIdleTooLong) {
  ExecutionRecord execution = SoundExecution();
  EXPECT_EQ(Judged("think_time", execution).value(), 1.0 / 64);
  execution.mutable_loads(0)->mutable_finished()->set_think_ns(4'000'000'000);
  EXPECT_EQ(Judged("think_time", execution).verdict(), GateResult::WARN);
  // Connections are idle for 400 us of a cycle of 6.7 ms, and the plan asks for 300 us.
  const Plan plan = Parsed<Plan>("workloads { name: 'json' think { seconds: 0.0003 } }");
  EXPECT_NEAR(Judged("think_time", execution, plan).value(), 1.0 / 67, 1e-6);
}

TEST_F(GateKeeperTest, ReportsLateOrIncompleteReadingsOfTheServersCpu) {
  ExecutionRecord execution = SoundExecution();
  execution.mutable_server()->set_end_late_ns(150'000'000);
  EXPECT_EQ(Judged("cpu_readings", execution).verdict(), GateResult::WARN);
  execution = SoundExecution();
  execution.mutable_server()->set_tree_incomplete(true);
  EXPECT_EQ(Judged("cpu_readings", execution).verdict(), GateResult::UNREADABLE);
  execution = SoundExecution();
  execution.mutable_server()->set_cpu_ns(-1);
  EXPECT_EQ(Judged("cpu_readings", execution).verdict(), GateResult::UNREADABLE);
  execution = SoundExecution();
  execution.clear_server_cpu_responses();
  EXPECT_EQ(Judged("cpu_readings", execution).verdict(), GateResult::UNREADABLE);
}

// The CPUs of a server given by URL are unknown.
TEST_F(GateKeeperTest, AServerGivenByUrlMayRunOnTheCpusOfTheLoad) {
  ExecutionRecord execution = SoundExecution();
  execution.clear_server();
  EXPECT_EQ(Judged("pinning_overlap", execution).verdict(), GateResult::UNREADABLE);
  *execution.add_loads() = execution.loads(0);
  EXPECT_EQ(Judged("pinning_overlap", execution).verdict(), GateResult::INVALID)
      << "two loads on one CPU are known";
}

TEST_F(GateKeeperTest, ImpossibleFiguresNeverPass) {
  const auto judged = [this](const std::string& gate, auto change) {
    ExecutionRecord execution = SoundExecution();
    change(*execution.mutable_loads(0));
    return Judged(gate, execution).verdict();
  };
  for (const double impossible : {std::nan(""), -0.1}) {
    EXPECT_EQ(judged("idle_gaps",
                     [&](LoadRecord& load) {
                       load.mutable_ready()->mutable_idle_gaps()->set_lost_share(impossible);
                     }),
              GateResult::UNREADABLE);
    EXPECT_EQ(judged("generator_saturated",
                     [&](LoadRecord& load) { load.mutable_finished()->set_cpu_share(impossible); }),
              GateResult::UNREADABLE);
    EXPECT_EQ(
        judged("generator_delayed",
               [&](LoadRecord& load) { load.mutable_finished()->set_run_delay_share(impossible); }),
        GateResult::UNREADABLE);
  }
  EXPECT_EQ(judged("idle_gaps", [](LoadRecord& load) { load.mutable_ready()->clear_idle_gaps(); }),
            GateResult::UNREADABLE);
  EXPECT_EQ(judged("sample_loss", [](LoadRecord& load) { load.set_samples_received(10'001); }),
            GateResult::UNREADABLE);
  EXPECT_EQ(judged("sample_loss",
                   [](LoadRecord& load) {
                     load.set_samples_received(10'001);
                     load.mutable_finished()->set_samples_recorded(10'001);
                   }),
            GateResult::UNREADABLE)
      << "more samples than requests";
  EXPECT_EQ(judged("too_short_window",
                   [](LoadRecord& load) { load.mutable_finished()->set_duration_ns(-1); }),
            GateResult::UNREADABLE);
  EXPECT_EQ(judged("accounting",
                   [](LoadRecord& load) {
                     load.mutable_finished()->set_errors(UINT64_MAX - 9'999);
                     load.mutable_finished()->set_sent(0);
                   }),
            GateResult::UNREADABLE)
      << "10,000 + errors wraps to 0";
  EXPECT_EQ(
      judged("think_time", [](LoadRecord& load) { load.mutable_finished()->set_think_ns(-1); }),
      GateResult::UNREADABLE);
}

TEST_F(GateKeeperTest, TenThousandRequestsAreTooShortUnlessThePlanAsksForNoVerdict) {
  ExecutionRecord execution = SoundExecution();
  execution.mutable_loads(0)->mutable_finished()->set_connections(750);
  EXPECT_EQ(Judged("too_short_requests", execution).verdict(), GateResult::INVALID);
  EXPECT_EQ(Judged("too_short_requests", execution, Parsed<Plan>("verdict: NONE")).verdict(),
            GateResult::WARN);
}

Plan ComparingPlan(const std::string& more = "") {
  return Parsed<Plan>("targets { label: 'a' } targets { label: 'b' } workloads { name: 'json' " +
                      more + " } primary_metric: 'server_cpu_us_per_request'");
}

TEST_F(GateKeeperTest, AComparisonOfCostBelowSaturationIsOneAtThatLoad) {
  ExecutionRecord execution = SoundExecution();
  execution.mutable_server()->set_cpu_ns(600'000'000);
  EXPECT_EQ(Judged("server_not_bottleneck", execution, ComparingPlan()).verdict(),
            GateResult::WARN);
  EXPECT_EQ(Judged("server_not_bottleneck", execution, ComparingPlan()).value(), 0.6);
  // The generator is the limit: at full speed of both, the figures would be others.
  execution.mutable_loads(0)->mutable_finished()->set_cpu_share(0.97);
  EXPECT_EQ(Judged("server_not_bottleneck", execution, ComparingPlan()).verdict(),
            GateResult::INVALID);
  Plan throughput = ComparingPlan();
  throughput.set_primary_metric("rps");
  execution = SoundExecution();
  execution.mutable_server()->set_cpu_ns(600'000'000);
  EXPECT_EQ(Judged("server_not_bottleneck", execution, throughput).verdict(), GateResult::INVALID);
  // Two CPUs.
  execution.mutable_server()->set_actual_cpus("0,2");
  EXPECT_EQ(Judged("server_not_bottleneck", execution, throughput).value(), 0.3);
}

TEST_F(GateKeeperTest, APlanThatDoesNotClaimSaturationNeedsNoBusyServer) {
  ExecutionRecord execution = SoundExecution();
  execution.mutable_server()->set_cpu_ns(100'000'000);
  const auto is_judged = [&](const Plan& plan) {
    const std::vector<GateResult> results = JudgeExecution(rules_, plan, execution, {&agent_});
    return std::any_of(results.begin(), results.end(),
                       [](const GateResult& one) { return one.name() == "server_not_bottleneck"; });
  };
  EXPECT_TRUE(is_judged(ComparingPlan()));
  EXPECT_FALSE(is_judged(ComparingPlan("think { seconds: 0.01 }")));
  Plan plan = ComparingPlan();
  plan.set_verdict(Plan::NONE);
  EXPECT_FALSE(is_judged(plan));
  plan = ComparingPlan();
  plan.set_primary_metric("p50_us");
  EXPECT_FALSE(is_judged(plan));
  plan = ComparingPlan();
  plan.mutable_targets()->RemoveLast();
  EXPECT_FALSE(is_judged(plan)) << "nothing is compared";
  plan = ComparingPlan();
  plan.mutable_profile()->mutable_separate_execution()->set_seconds(1);
  execution.mutable_cell()->set_profiled(true);
  EXPECT_FALSE(is_judged(plan)) << "separate executions are not compared";
}

TEST_F(GateKeeperTest, OtherProgramsOnTheCpusOfServerOrLoadVoidTheResult) {
  ExecutionRecord execution = SoundExecution();
  execution.mutable_server()->set_foreign_ns(500'000'000);
  EXPECT_EQ(Judged("foreign_cpu", execution).verdict(), GateResult::INVALID);
  EXPECT_EQ(Judged("foreign_cpu", execution).value(), 0.48) << "less the error of ticks";
  execution.mutable_server()->set_foreign_ns(-1);
  EXPECT_EQ(Judged("foreign_cpu", execution).verdict(), GateResult::UNREADABLE);
  execution.mutable_loads(0)->mutable_finished()->set_foreign_ns(100'000'000);
  EXPECT_EQ(Judged("foreign_cpu_load", execution).verdict(), GateResult::WARN);
  execution.mutable_loads(0)->mutable_finished()->set_steal_ns(300'000'000);
  EXPECT_EQ(Judged("steal", execution).verdict(), GateResult::INVALID);
}

TEST_F(GateKeeperTest, ReadsTheCountersOfTheServersHost) {
  ExecutionRecord execution = SoundExecution();
  ServerFinished& server = *execution.mutable_server();
  (*server.mutable_network_counters())["Tcp.RetransSegs"] = 100;
  (*server.mutable_network_counters())["TcpExt.ListenDrops"] = 2;
  (*server.mutable_host_counters())["cpu.throttled"] = 3;
  server.set_run_delay_ns(100'000'000);
  server.set_involuntary_switches(5'000);
  EXPECT_EQ(Judged("retransmits", execution).value(), 0.01);
  EXPECT_EQ(Judged("retransmits", execution).verdict(), GateResult::WARN);
  EXPECT_EQ(Judged("listen_overflows", execution).value(), 2);
  EXPECT_EQ(Judged("throttling", execution).verdict(), GateResult::WARN);
  EXPECT_EQ(Judged("server_delayed", execution).value(), 0.1);
  EXPECT_EQ(Judged("server_preempted", execution).verdict(), GateResult::WARN);
  server.clear_network_counters();
  server.clear_host_counters();
  server.clear_run_delay_ns();
  for (const char* gate : {"retransmits", "listen_overflows", "throttling", "server_delayed"}) {
    EXPECT_EQ(Judged(gate, execution).verdict(), GateResult::UNREADABLE) << gate;
  }
}

// 64 requests may be in flight for 1 s. 10,000 of them take 6.3 ms each and wait 0.1 ms for the next.
TEST_F(GateKeeperTest, LatenciesThatContradictLittlesLawWarn) {
  const auto with_latency = [](int64_t nanos) {
    ExecutionRecord execution = SoundExecution();
    LatencyHistogram latency;
    for (int i = 0; i < 10'000; ++i) latency.Record(nanos);
    ToProto(latency, execution.mutable_latency());
    return execution;
  };
  EXPECT_EQ(Judged("littles_law", with_latency(6'300'000)).verdict(), GateResult::PASS);
  EXPECT_LT(Judged("littles_law", with_latency(6'300'000)).value(), 0.001);
  EXPECT_EQ(Judged("littles_law", with_latency(5'000'000)).verdict(), GateResult::WARN);
}

// 100 slots of 40 ms in a period of 50 ms. The server used 39 ms of each, and 1 ms between them.
ExecutionRecord SlottedExecution() {
  ExecutionRecord execution = SoundExecution();
  SlotSchedule& slots = *execution.mutable_slots();
  slots = Parsed<SlotSchedule>("period_ns: 50000000 slot_ns: 40000000 count: 200");
  ServerFinished& server = *execution.mutable_server();
  server.clear_cpu_begin_ns();
  server.set_window_ns(4'000'000'000);
  server.set_cpu_ns(3'900'000'000);
  server.set_idle_ns(5'000'000'000);
  server.set_idle_cpu_ns(1'000'000);
  for (uint32_t i = 0; i < 100; ++i) {
    slots.add_own(2 * i);
    ServerSlot& slot = *server.add_slots();
    slot.set_index(2 * i);
    slot.set_cpu_ns(39'000'000);
    slot.set_begin_ns(-100'000);
    slot.set_end_ns(49'900'000);
  }
  execution.mutable_loads(0)->mutable_finished()->set_cpu_ns(3'000'000'000);
  return execution;
}

TEST_F(GateKeeperTest, JudgesTheSlotsOfAnInterleavedExecution) {
  ExecutionRecord execution = SlottedExecution();
  EXPECT_EQ(Judged("idle_target_busy", execution).value(), 0.0002);
  EXPECT_EQ(Judged("slot_overlap", execution).value(), 0);
  EXPECT_EQ(Judged("cpu_readings", execution).value(), 0);
  EXPECT_EQ(Judged("server_not_bottleneck", execution, ComparingPlan()).value(), 0.975);
  execution.mutable_server()->set_idle_cpu_ns(500'000'000);
  execution.mutable_loads(0)->mutable_finished()->set_overdue_slots(15);
  execution.mutable_server()->mutable_slots(0)->set_begin_ns(500'000'000);
  EXPECT_EQ(Judged("idle_target_busy", execution).verdict(), GateResult::INVALID);
  EXPECT_EQ(Judged("slot_overlap", execution).verdict(), GateResult::WARN);
  EXPECT_EQ(Judged("cpu_readings", execution).verdict(), GateResult::WARN);
  execution.mutable_server()->clear_idle_cpu_ns();
  EXPECT_EQ(Judged("idle_target_busy", execution).verdict(), GateResult::UNREADABLE);
}

// The other target's server and load generator use the same CPUs for half of the time.
TEST_F(GateKeeperTest, ExecutionsOfOneGroupAreNotForeignToEachOther) {
  ExecutionRecord one = SlottedExecution();
  one.mutable_server()->set_foreign_ns(3'910'000'000);
  one.mutable_loads(0)->mutable_finished()->set_foreign_ns(3'010'000'000);
  EXPECT_EQ(Judged("foreign_cpu", one).verdict(), GateResult::INVALID);
  ExecutionRecord other = one;
  JudgeTogether(rules_, Plan(), {&agent_}, {{&one, {}}, {&other, {}}});
  int foreign = 0;
  for (const GateResult& gate : one.gates()) {
    if (!gate.name().starts_with("foreign_cpu")) continue;
    ++foreign;
    EXPECT_EQ(gate.value(), 0) << gate.name();
  }
  EXPECT_EQ(foreign, 2) << "of the server and of the load";
  one.mutable_server()->set_foreign_ns(6'000'000'000);
  JudgeTogether(rules_, Plan(), {&agent_}, {{&one, {}}, {&other, {}}});
  const auto of_server =
      std::find_if(one.gates().begin(), one.gates().end(),
                   [](const GateResult& gate) { return gate.name() == "foreign_cpu"; });
  ASSERT_TRUE(of_server != one.gates().end());
  // 6 s less 3.901 s of the other target and 20 ms, of 10 s.
  EXPECT_NEAR(of_server->value(), 0.2079, 1e-9);
}

// The counter is the host's: of 20,000 requests of both targets.
TEST_F(GateKeeperTest, RetransmitsAreThoseOfAllTargetsOfTheGroup) {
  ExecutionRecord one = SlottedExecution();
  (*one.mutable_server()->mutable_network_counters())["Tcp.RetransSegs"] = 15;
  ExecutionRecord other = one;
  const auto judged = [&](const ExecutionRecord& execution) {
    for (const GateResult& gate : execution.gates()) {
      if (gate.name() == "retransmits") return gate;
    }
    return GateResult();
  };
  JudgeTogether(rules_, Plan(), {&agent_}, {{&one, {}}, {&other, {}}});
  EXPECT_EQ(judged(one).value(), 0.00075);
  EXPECT_EQ(judged(one).verdict(), GateResult::PASS);
  // The requests of an execution that failed are not known.
  JudgeTogether(rules_, Plan(), {&agent_}, {{&one, {}}});
  EXPECT_EQ(judged(one).verdict(), GateResult::UNREADABLE);
}

TEST_F(GateKeeperTest, ARunThatIsNotSteadyWarns) {
  ExecutionRecord execution = SlottedExecution();
  const auto judged = [&](const std::vector<int64_t>& medians) {
    std::vector<WindowSecond> intervals;
    for (size_t i = 0; i < medians.size(); ++i) {
      LatencyHistogram latency;
      latency.Record(medians[i]);
      intervals.emplace_back().set_second(static_cast<uint32_t>(i));
      ToProto(latency, intervals.back().mutable_latency());
    }
    MeasuredExecution measured{&execution, {}};
    for (const WindowSecond& one : intervals) measured.intervals.push_back(&one);
    JudgeTogether(rules_, Plan(), {&agent_}, {measured});
    for (const GateResult& gate : execution.gates()) {
      if (gate.name() == "not_steady") return gate.verdict();
    }
    return GateResult::VERDICT_UNSPECIFIED;
  };
  std::vector<int64_t> medians;
  for (int64_t i = 0; i < 100; ++i) medians.push_back(100'000 + i % 7 * 1'000);
  EXPECT_EQ(judged(medians), GateResult::PASS);
  for (int64_t i = 0; i < 100; ++i) medians[static_cast<size_t>(i)] = 100'000 + (100 - i) * 5'000;
  EXPECT_EQ(judged(medians), GateResult::WARN) << "it still falls at the end";
  // The default design has as many slots in a window of 3 s.
  medians.resize(60);
  EXPECT_EQ(judged(medians), GateResult::WARN);
  medians.resize(19);
  EXPECT_EQ(judged(medians), GateResult::VERDICT_UNSPECIFIED) << "too few to judge";
}

TEST_F(GateKeeperTest, ResultsNameTheVersionOfTheirRules) {
  ExecutionRecord execution = SoundExecution();
  JudgeTogether(rules_, Plan(), {&agent_}, {{&execution, {}}});
  EXPECT_GE(rules_.version(), 2);
  for (const GateResult& gate : execution.gates()) {
    EXPECT_EQ(gate.rules_version(), rules_.version()) << gate.name();
  }
  EXPECT_FALSE(IsOutdated(rules_, execution));
  execution.mutable_gates(0)->clear_rules_version();
  EXPECT_TRUE(IsOutdated(rules_, execution));
}

TEST(GateRulesFileTest, ReportsAnErrorInTheFileWithLineAndColumn) {
  const auto rules = ParseGateRules("rules {\n  nam: 'errors'\n}\n", "gates.textproto");
  ASSERT_FALSE(rules.ok());
  EXPECT_NE(rules.status().message().find("gates.textproto:2:"), absl::string_view::npos)
      << rules.status();
}

}  // namespace
}  // namespace assay::controller

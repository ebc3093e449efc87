#include "controller/gates/gate_keeper.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "google/protobuf/text_format.h"

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
    server { actual_cpus: "0" cpu_ns: 90000000 cpu_begin_ns: 5000 cpu_end_ns: 1000005000
             begin_late_ns: 1000000 end_late_ns: 1000000 }
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
  (*finished->mutable_error_kinds())["waiting queue overflow"] = 3;
  EXPECT_EQ(Judged("load_not_delivered", execution).value(), 0.9);
  EXPECT_EQ(Judged("queue_overflow", execution).value(), 3);
  EXPECT_EQ(Judged("send_lag", execution).verdict(), GateResult::UNREADABLE);
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
  for (const char* kind : {"unexpected status", "wrong body length", "wrong body",
                           "malformed response", "malformed answer"}) {
    ExecutionRecord execution = SoundExecution();
    LoadFinished& finished = *execution.mutable_loads(0)->mutable_finished();
    finished.set_ok(9'999);
    finished.set_errors(1);
    (*finished.mutable_error_kinds())[kind] = 1;
    EXPECT_EQ(Judged("wrong_answers", execution).verdict(), GateResult::INVALID) << kind;
  }
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

TEST(GateRulesFileTest, ReportsAnErrorInTheFileWithLineAndColumn) {
  const auto rules = ParseGateRules("rules {\n  nam: 'errors'\n}\n", "gates.textproto");
  ASSERT_FALSE(rules.ok());
  EXPECT_NE(rules.status().message().find("gates.textproto:2:"), absl::string_view::npos)
      << rules.status();
}

}  // namespace
}  // namespace assay::controller

#include "controller/campaign/gate_keeper.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "google/protobuf/text_format.h"

namespace assay {
namespace {

template <typename Message>
Message Parsed(const std::string& text) {
  Message message;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &message));
  return message;
}

// A run that is sound in every way, on one host of two CPUs.
ExecutionRecord SoundExecution() {
  return Parsed<ExecutionRecord>(R"(
    cell { target: "epoll" workload: "json" mode: "closed" connections: 64 }
    status: MEASURED
    server { actual_cpus: "0" cpu_ns: 90000000 }
    loads { agent: "local" samples_received: 10000
            ready { idle_gaps { lost_share: 0.01 } }
            finished { sent: 10000 ok: 10000 connections: 64 duration_ns: 1000000000
                       samples_recorded: 10000 busy_share: 0.5 actual_cpus: "1" } }
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

TEST_F(GateKeeperTest, AnOpenLoopIsJudgedByWhatItDelivered) {
  ExecutionRecord execution = SoundExecution();
  execution.mutable_cell()->set_mode("open");
  execution.mutable_cell()->set_rate_per_s(10'000);
  LoadFinished* finished = execution.mutable_loads(0)->mutable_finished();
  // As Poisson arrivals do, more fell due than were asked for.
  finished->set_offered_per_s(9'500);
  finished->set_ok_in_window(9'000);
  (*finished->mutable_error_kinds())["waiting queue overflow"] = 3;
  EXPECT_EQ(Judged("load_not_delivered", execution).value(), 0.9);
  EXPECT_EQ(Judged("queue_overflow", execution).value(), 3);
  EXPECT_EQ(Judged("send_lag", execution).verdict(), GateResult::UNREADABLE);
}

TEST_F(GateKeeperTest, ASoundExecutionOnOneHostOnlyWarnsOfTheSharedHost) {
  for (const GateResult& gate : JudgeExecution(rules_, Plan(), SoundExecution(), {&agent_})) {
    EXPECT_EQ(gate.verdict(), gate.name() == "same_host" ? GateResult::WARN : GateResult::PASS)
        << gate.ShortDebugString();
    EXPECT_FALSE(gate.advice().empty());
  }
}

TEST_F(GateKeeperTest, RequestsThatWereLostFromTheAccountVoidTheResult) {
  ExecutionRecord execution = SoundExecution();
  execution.mutable_loads(0)->mutable_finished()->set_sent(10'001);
  EXPECT_EQ(Judged("accounting", execution).verdict(), GateResult::INVALID);
}

TEST_F(GateKeeperTest, OneWrongAnswerVoidsTheResult) {
  ExecutionRecord execution = SoundExecution();
  LoadFinished& finished = *execution.mutable_loads(0)->mutable_finished();
  finished.set_ok(9'999);
  finished.set_errors(1);
  (*finished.mutable_error_kinds())["unexpected status"] = 1;
  EXPECT_EQ(Judged("wrong_answers", execution).verdict(), GateResult::INVALID);
}

TEST_F(GateKeeperTest, SamplesThatDidNotArriveAreLostThoughTheyWereRecorded) {
  ExecutionRecord execution = SoundExecution();
  execution.mutable_loads(0)->set_samples_received(9'000);
  EXPECT_EQ(Judged("sample_loss", execution).verdict(), GateResult::INVALID);
}

TEST_F(GateKeeperTest, ServerAndLoadOnOneCpuVoidTheResult) {
  ExecutionRecord execution = SoundExecution();
  execution.mutable_loads(0)->mutable_finished()->set_actual_cpus("0-1");
  EXPECT_EQ(Judged("pinning_overlap", execution).verdict(), GateResult::INVALID);
}

TEST_F(GateKeeperTest, CpusThatCouldNotBeReadAreNotAPass) {
  ExecutionRecord execution = SoundExecution();
  execution.mutable_server()->clear_actual_cpus();
  EXPECT_EQ(Judged("pinning_overlap", execution).verdict(), GateResult::UNREADABLE);
}

TEST_F(GateKeeperTest, TheOriginsTenThousandRequestsAreTooShortUnlessNoVerdictIsAsked) {
  ExecutionRecord execution = SoundExecution();
  execution.mutable_loads(0)->mutable_finished()->set_connections(750);
  EXPECT_EQ(Judged("too_short_requests", execution).verdict(), GateResult::INVALID);
  EXPECT_EQ(Judged("too_short_requests", execution, Parsed<Plan>("verdict: NONE")).verdict(),
            GateResult::WARN);
}

TEST(GateRulesFileTest, AMistakeInTheFileIsNamedByLineAndColumn) {
  const auto rules = ParseGateRules("rules {\n  nam: 'errors'\n}\n", "gates.textproto");
  ASSERT_FALSE(rules.ok());
  EXPECT_NE(rules.status().message().find("gates.textproto:2:"), absl::string_view::npos)
      << rules.status();
}

}  // namespace
}  // namespace assay

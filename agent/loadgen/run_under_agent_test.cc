// The load generator's half of agent/load_protocol/control.proto, with the test in the agent's place.

#include "agent/loadgen/run_under_agent.h"

#include <poll.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "agent/load_protocol/control.pb.h"
#include "agent/load_protocol/control_socket.h"
#include "agent/load_protocol/ring_drain.h"
#include "agent/load_protocol/sample_ring.h"
#include "agent/loadgen/test_server.h"
#include "common/monotonic_clock.h"
#include "common/unique_fd.h"
#include "gtest/gtest.h"
#include "proto/agent.pb.h"
#include "proto/convert/histogram_proto.h"
#include "proto/samples.pb.h"

namespace assay::loadgen {
namespace {

TestServer::Reply Hello(const TestServer::Seen&) { return {TestServer::Ok("hello")}; }

// GET / of that target, with 200 ms of window.
GeneratorSpec SpecFor(const std::string& target, int connections) {
  GeneratorSpec spec;
  spec.set_target(target);
  spec.add_requests()->set_path("/");
  spec.set_connections(static_cast<uint32_t>(connections));
  spec.set_threads(1);
  spec.set_pipeline(1);
  spec.set_share_count(1);
  spec.set_duration_ns(200'000'000);
  spec.set_timeout_ns(5'000'000'000);
  spec.set_idle_gaps_ns(1'000'000);
  return spec;
}

class RunUnderAgentTest : public testing::Test {
 protected:
  ~RunUnderAgentTest() override { Join(); }

  void Start() {
    absl::StatusOr<ControlSocket> ours = ControlSocket::Create(theirs_);
    ASSERT_TRUE(ours.ok());
    ours_ = *std::move(ours);
    program_ = std::thread([this] { status_ = RunUnderAgent(theirs_.release(), err_); });
  }

  void Launch(const GeneratorSpec& spec) {
    Start();
    absl::StatusOr<UniqueFd> memory = SampleRing::Create(static_cast<int>(spec.threads()), 1 << 20);
    ASSERT_TRUE(memory.ok());
    absl::StatusOr<std::unique_ptr<SampleRing>> ring = SampleRing::Open(memory->get());
    ASSERT_TRUE(ring.ok());
    ring_ = *std::move(ring);
    memory_ = *std::move(memory);
    ToLoadgen message;
    *message.mutable_configure()->mutable_spec() = spec;
    message.mutable_configure()->set_sample_ring_fd(memory_.get());
    Say(message);
  }

  void Join() {
    ours_.reset();  // As an agent that dies; harmless after the end.
    if (program_.joinable()) program_.join();
  }

  std::optional<FromLoadgen> Receive() {
    FromLoadgen message;
    for (;;) {
      const absl::StatusOr<bool> whole = ours_->Receive(message);
      if (!whole.ok()) return std::nullopt;
      if (*whole) return message;
      pollfd readable{ours_->fd(), POLLIN, 0};
      if (poll(&readable, 1, 20'000) != 1) return std::nullopt;
    }
  }

  void Say(const ToLoadgen& message) {
    ASSERT_TRUE(ours_->Send(message, absl::ZeroDuration()).ok());
  }
  void SayStart(int64_t start_ns) {
    ToLoadgen message;
    message.mutable_start()->set_start_ns(start_ns);
    Say(message);
  }
  void SayStop() {
    ToLoadgen message;
    message.mutable_stop();
    Say(message);
  }

  UniqueFd theirs_;
  std::optional<ControlSocket> ours_;
  UniqueFd memory_;
  std::unique_ptr<SampleRing> ring_;
  std::ostringstream err_;
  int status_ = -1;
  std::thread program_;
};

TEST_F(RunUnderAgentTest, ReportsReadyStartedSecondsAndFinished) {
  TestServer server(Hello);
  GeneratorSpec spec = SpecFor(server.target(), 4);
  spec.set_threads(2);
  Launch(spec);
  std::optional<FromLoadgen> message = Receive();
  ASSERT_TRUE(message.has_value() && message->has_ready());
  EXPECT_EQ(message->ready().connections(), 4u);
  EXPECT_GE(message->ready().idle_gaps().observed_ns(), 1'000'000);
  EXPECT_FALSE(message->ready().actual_cpus().empty());
  EXPECT_EQ(server.requests(), 0u);

  const int64_t start = MonotonicNanos() + 30'000'000;
  SayStart(start);
  message = Receive();
  ASSERT_TRUE(message.has_value() && message->has_started());
  EXPECT_GE(message->started().lateness_ns(), 0);
  uint64_t of_seconds = 0;
  LatencyHistogram merged;
  for (message = Receive(); message.has_value() && message->has_record(); message = Receive()) {
    DataRecord record;
    ASSERT_TRUE(record.ParseFromString(message->record()) && record.has_second());
    of_seconds += record.second().sent();
    merged.Merge(*FromProto(record.second().latency()));
  }
  ASSERT_TRUE(message.has_value() && message->has_finished());
  const LoadFinished& finished = message->finished();
  EXPECT_EQ(finished.sent(),
            finished.ok() + finished.errors() + finished.timeouts() + finished.in_flight());
  EXPECT_EQ(of_seconds, finished.sent());
  EXPECT_EQ(merged, *FromProto(finished.latency()));
  EXPECT_EQ(finished.duration_ns(), spec.duration_ns());
  EXPECT_GT(finished.ok(), 0u);
  EXPECT_GT(finished.cpu_ns(), 0);
  EXPECT_GT(finished.rss_bytes(), 0);
  program_.join();
  EXPECT_EQ(status_, 0);
  EXPECT_EQ(err_.str(), "");

  // After Finished the ring holds every sample.
  RingDrain drain(ring_.get());
  ASSERT_TRUE(drain.Finish([](const SampleChunk&) {}).ok());
  EXPECT_EQ(drain.samples(), finished.samples_recorded());
  EXPECT_EQ(drain.samples(), finished.ok());
}

// The process runs on the CPUs of the other targets' load generators: it reports when all slots are over.
TEST_F(RunUnderAgentTest, InSlotsItReportsEachOwnSlotWhenAllSlotsAreOver) {
  TestServer server(Hello);
  GeneratorSpec spec = SpecFor(server.target(), 2);
  SlotSchedule& slots = *spec.mutable_slots();
  slots.set_lead_ns(20'000'000);
  slots.set_period_ns(150'000'000);
  slots.set_slot_ns(50'000'000);
  slots.set_settle_ns(10'000'000);
  slots.set_count(6);
  slots.set_warmup_count(1);
  for (const uint32_t index : {0, 1, 3}) slots.add_own(index);
  spec.set_duration_ns(150'000'000);
  Launch(spec);
  ASSERT_TRUE(Receive()->has_ready());
  const int64_t start = MonotonicNanos();
  SayStart(start);
  std::optional<FromLoadgen> message = Receive();
  ASSERT_TRUE(message.has_value() && message->has_started());
  EXPECT_GE(MonotonicNanos(), start + 70'000'000);
  std::vector<WindowSecond> records;
  for (message = Receive(); message.has_value() && message->has_record(); message = Receive()) {
    EXPECT_GE(MonotonicNanos(), start + 920'000'000);
    DataRecord record;
    ASSERT_TRUE(record.ParseFromString(message->record()) && record.has_second());
    records.push_back(record.second());
  }
  ASSERT_TRUE(message.has_value() && message->has_finished());
  const LoadFinished& finished = message->finished();
  ASSERT_EQ(records.size(), 2u);
  EXPECT_EQ(records[0].second(), 1u);
  EXPECT_EQ(records[1].second(), 3u);
  uint64_t responses = 0;
  uint64_t ok_in_slot = 0;
  for (const WindowSecond& record : records) {
    ASSERT_TRUE(record.has_slot());
    responses += record.slot().responses();
    ok_in_slot += record.slot().ok_in_slot();
  }
  EXPECT_GT(responses, 0u);
  EXPECT_EQ(finished.cpu_responses(), responses);
  EXPECT_EQ(finished.ok_in_window(), ok_in_slot);
  EXPECT_EQ(finished.duration_ns(), 2 * 40'000'000);
  EXPECT_FALSE(finished.has_timeline());
  EXPECT_LE(finished.cpu_share(), 1.0);
  EXPECT_GT(finished.work_ns(), 0);
}

TEST_F(RunUnderAgentTest, AStopInASlotIsReportedAtOnce) {
  TestServer server(Hello);
  GeneratorSpec spec = SpecFor(server.target(), 2);
  SlotSchedule& slots = *spec.mutable_slots();
  slots.set_period_ns(3'600'000'000'000);
  slots.set_slot_ns(1'800'000'000'000);
  slots.set_count(2);
  slots.add_own(0);
  spec.set_duration_ns(1'800'000'000'000);
  Launch(spec);
  ASSERT_TRUE(Receive()->has_ready());
  SayStart(MonotonicNanos());
  while (server.requests() < 10) {
  }
  SayStop();
  std::vector<uint32_t> slots_reported;
  std::optional<FromLoadgen> message = Receive();
  for (; message.has_value() && !message->has_finished(); message = Receive()) {
    DataRecord record;
    if (!message->has_record()) continue;
    ASSERT_TRUE(record.ParseFromString(message->record()));
    slots_reported.push_back(record.second().second());
  }
  ASSERT_TRUE(message.has_value());
  EXPECT_EQ(slots_reported, std::vector<uint32_t>{0});
  EXPECT_GE(message->finished().ok(), 8u);
  EXPECT_LT(message->finished().duration_ns(), spec.duration_ns());
}

TEST_F(RunUnderAgentTest, RefusesSlotsThatContradictThemselves) {
  GeneratorSpec spec = SpecFor("127.0.0.1:1", 2);
  spec.mutable_slots()->set_count(2);
  Launch(spec);
  const std::optional<FromLoadgen> message = Receive();
  ASSERT_TRUE(message.has_value() && message->has_failed());
  EXPECT_EQ(message->failed().kind(), Failure::LAUNCH_FAILED);
  EXPECT_NE(message->failed().message().find("slots: slot_ns"), std::string::npos);
}

// Programs read the outcomes, people the names.
TEST_F(RunUnderAgentTest, OutcomesAreTheCountsOfOkTimeoutsAndErrorKinds) {
  TestServer server([](const TestServer::Seen& seen) {
    switch (seen.request % 3) {
      case 0:
        return Hello(seen);
      case 1:
        return TestServer::Reply{"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n"};
      default:
        return TestServer::Reply{"this is not HTTP\r\n\r\n"};
    }
  });
  GeneratorSpec spec = SpecFor(server.target(), 2);
  spec.set_duration_ns(0);
  spec.set_request_count(30);
  Launch(spec);
  ASSERT_TRUE(Receive()->has_ready());
  SayStart(MonotonicNanos());
  std::optional<FromLoadgen> message = Receive();
  while (message.has_value() && !message->has_finished()) message = Receive();
  ASSERT_TRUE(message.has_value());
  const LoadFinished& finished = message->finished();
  std::map<OutcomeCount::Outcome, uint64_t> outcomes;
  for (const OutcomeCount& outcome : finished.outcomes()) {
    EXPECT_TRUE(outcomes.emplace(outcome.outcome(), outcome.count()).second);
  }
  const std::map<OutcomeCount::Outcome, uint64_t> expected = {
      {OutcomeCount::OK, finished.ok()},
      {OutcomeCount::UNEXPECTED_STATUS, finished.error_kinds().at("unexpected status")},
      {OutcomeCount::MALFORMED_RESPONSE, finished.error_kinds().at("malformed response")}};
  EXPECT_EQ(outcomes, expected);
  EXPECT_EQ(finished.ok() + finished.errors(), 30u);
}

TEST_F(RunUnderAgentTest, WaitsForTheStartItIsGiven) {
  TestServer server(Hello);
  Launch(SpecFor(server.target(), 1));
  ASSERT_TRUE(Receive()->has_ready());
  const int64_t start = MonotonicNanos() + 100'000'000;
  SayStart(start);
  while (MonotonicNanos() < start - 50'000'000) {
  }
  EXPECT_EQ(server.requests(), 0u);
  const std::optional<FromLoadgen> started = Receive();
  ASSERT_TRUE(started.has_value() && started->has_started());
  EXPECT_GE(MonotonicNanos(), start);
}

TEST_F(RunUnderAgentTest, AStopEndsTheWindowAndIsReported) {
  TestServer server(Hello);
  GeneratorSpec spec = SpecFor(server.target(), 2);
  spec.set_duration_ns(3'600'000'000'000);
  Launch(spec);
  ASSERT_TRUE(Receive()->has_ready());
  SayStart(MonotonicNanos() - 1'000'000'000);  // Past: it begins at once, late.
  const std::optional<FromLoadgen> started = Receive();
  ASSERT_TRUE(started.has_value() && started->has_started());
  EXPECT_GT(started->started().lateness_ns(), 0);
  SayStop();
  std::optional<FromLoadgen> message = Receive();
  while (message.has_value() && message->has_record()) message = Receive();
  ASSERT_TRUE(message.has_value() && message->has_finished());
  EXPECT_LT(message->finished().duration_ns(), spec.duration_ns());
}

TEST_F(RunUnderAgentTest, ReportsWhatCannotBeConnected) {
  std::string target;
  {
    TestServer server(Hello);
    target = server.target();
  }
  Launch(SpecFor(target, 2));
  const std::optional<FromLoadgen> message = Receive();
  ASSERT_TRUE(message.has_value() && message->has_failed());
  EXPECT_EQ(message->failed().kind(), Failure::CONNECT_FAILED);
  EXPECT_NE(message->failed().message().find("connection refused"), std::string::npos);
  program_.join();
  EXPECT_EQ(status_, 1);
}

// The agent must be able to say what is wrong with a load, and not that a program ended.
TEST_F(RunUnderAgentTest, NamesWhatIsWrongWithTheLoadAndEndsWithTwo) {
  GeneratorSpec spec = SpecFor("127.0.0.1:1", 2);
  spec.set_pipeline(0);
  Launch(spec);
  const std::optional<FromLoadgen> message = Receive();
  ASSERT_TRUE(message.has_value() && message->has_failed());
  EXPECT_EQ(message->failed().kind(), Failure::LAUNCH_FAILED);
  EXPECT_NE(message->failed().message().find("--pipeline is between 1 and"), std::string::npos);
  program_.join();
  EXPECT_EQ(status_, 2);
  EXPECT_NE(err_.str().find("--pipeline is between 1 and"), std::string::npos);
}

TEST_F(RunUnderAgentTest, NoLoadBeginsBeforeItIsSaidWhichOne) {
  Start();
  SayStart(MonotonicNanos());
  const std::optional<FromLoadgen> message = Receive();
  ASSERT_TRUE(message.has_value() && message->has_failed());
  EXPECT_EQ(message->failed().kind(), Failure::INTERNAL);
  program_.join();
  EXPECT_EQ(status_, 1);
}

// An agent that dies must leave no load behind.
TEST_F(RunUnderAgentTest, EndsWithTheAgent) {
  TestServer server(Hello);
  GeneratorSpec spec = SpecFor(server.target(), 2);
  spec.set_duration_ns(3'600'000'000'000);
  Launch(spec);
  ASSERT_TRUE(Receive()->has_ready());
  SayStart(MonotonicNanos());
  while (server.requests() < 10) {
  }
  Join();
  EXPECT_EQ(status_, 1);
}

}  // namespace
}  // namespace assay::loadgen

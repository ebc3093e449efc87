// The load generator's half of agent/load_protocol/control.proto, with the test in the agent's place.

#include "agent/loadgen/run_under_agent.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "agent/load_protocol/control.pb.h"
#include "agent/load_protocol/ring_drain.h"
#include "agent/load_protocol/sample_ring.h"
#include "agent/loadgen/options.h"
#include "agent/loadgen/test_load.h"
#include "agent/loadgen/test_server.h"
#include "common/monotonic_clock.h"
#include "common/unique_fd.h"
#include "gtest/gtest.h"
#include "proto/convert/histogram_proto.h"
#include "proto/samples.pb.h"

namespace assay::loadgen {
namespace {

TestServer::Reply Hello(const TestServer::Seen&) { return {TestServer::Ok("hello")}; }

class RunUnderAgentTest : public testing::Test {
 protected:
  ~RunUnderAgentTest() override { Join(); }

  void Launch(LoadOptions options) {
    int ends[2];
    ASSERT_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
    ours_ = UniqueFd(ends[0]);
    absl::StatusOr<UniqueFd> memory = SampleRing::Create(options.threads, 1 << 20);
    ASSERT_TRUE(memory.ok());
    absl::StatusOr<std::unique_ptr<SampleRing>> ring = SampleRing::Open(memory->get());
    ASSERT_TRUE(ring.ok());
    ring_ = *std::move(ring);
    memory_ = *std::move(memory);
    options.control_fd = ends[1];
    options.ring_fd = memory_.get();
    options.idle_gaps_ns = 1'000'000;
    program_ = std::thread([this, options] { status_ = RunUnderAgent(options, err_); });
  }

  void Join() {
    ours_.reset();  // As an agent that dies; harmless after the end.
    if (program_.joinable()) program_.join();
  }

  std::optional<FromLoadgen> Receive() {
    pollfd readable{ours_.get(), POLLIN, 0};
    if (poll(&readable, 1, 20'000) != 1) return std::nullopt;
    std::vector<char> buffer(512 * 1024);
    const ssize_t size = recv(ours_.get(), buffer.data(), buffer.size(), 0);
    FromLoadgen message;
    if (size <= 0 || !message.ParseFromArray(buffer.data(), static_cast<int>(size))) {
      return std::nullopt;
    }
    return message;
  }

  void Say(const ToLoadgen& message) {
    const std::string bytes = message.SerializeAsString();
    ASSERT_EQ(send(ours_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(bytes.size()));
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

  UniqueFd ours_;
  UniqueFd memory_;
  std::unique_ptr<SampleRing> ring_;
  std::ostringstream err_;
  int status_ = -1;
  std::thread program_;
};

TEST_F(RunUnderAgentTest, ReportsReadyStartedSecondsAndFinished) {
  TestServer server(Hello);
  LoadOptions options = OptionsFor(server.target(), 4);
  options.threads = 2;
  Launch(options);
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
  for (message = Receive(); message.has_value() && message->has_second(); message = Receive()) {
    of_seconds += message->second().sent();
    merged.Merge(*FromProto(message->second().latency()));
  }
  ASSERT_TRUE(message.has_value() && message->has_finished());
  const LoadFinished& finished = message->finished();
  EXPECT_EQ(finished.sent(),
            finished.ok() + finished.errors() + finished.timeouts() + finished.in_flight());
  EXPECT_EQ(of_seconds, finished.sent());
  EXPECT_EQ(merged, *FromProto(finished.latency()));
  EXPECT_EQ(finished.duration_ns(), options.duration_ns);
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

TEST_F(RunUnderAgentTest, WaitsForTheStartItIsGiven) {
  TestServer server(Hello);
  Launch(OptionsFor(server.target(), 1));
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
  LoadOptions options = OptionsFor(server.target(), 2);
  options.duration_ns = 3'600'000'000'000;
  Launch(options);
  ASSERT_TRUE(Receive()->has_ready());
  SayStart(MonotonicNanos() - 1'000'000'000);  // Past: it begins at once, late.
  const std::optional<FromLoadgen> started = Receive();
  ASSERT_TRUE(started.has_value() && started->has_started());
  EXPECT_GT(started->started().lateness_ns(), 0);
  SayStop();
  std::optional<FromLoadgen> message = Receive();
  while (message.has_value() && message->has_second()) message = Receive();
  ASSERT_TRUE(message.has_value() && message->has_finished());
  EXPECT_LT(message->finished().duration_ns(), options.duration_ns);
}

TEST_F(RunUnderAgentTest, ReportsWhatCannotBeConnected) {
  std::string target;
  {
    TestServer server(Hello);
    target = server.target();
  }
  Launch(OptionsFor(target, 2));
  const std::optional<FromLoadgen> message = Receive();
  ASSERT_TRUE(message.has_value() && message->has_failed());
  EXPECT_EQ(message->failed().kind(), Failure::CONNECT_FAILED);
  EXPECT_NE(message->failed().message().find("connection refused"), std::string::npos);
  program_.join();
  EXPECT_EQ(status_, 1);
}

// An agent that dies must leave no load behind.
TEST_F(RunUnderAgentTest, EndsWithTheAgent) {
  TestServer server(Hello);
  LoadOptions options = OptionsFor(server.target(), 2);
  options.duration_ns = 3'600'000'000'000;
  Launch(options);
  ASSERT_TRUE(Receive()->has_ready());
  SayStart(MonotonicNanos());
  while (server.requests() < 10) {
  }
  Join();
  EXPECT_EQ(status_, 1);
}

}  // namespace
}  // namespace assay::loadgen

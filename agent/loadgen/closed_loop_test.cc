// The closed loop against servers that behave well and badly. RunTestLoad() holds every run to its account.

#include "agent/loadgen/closed_loop.h"

#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <mutex>
#include <string>

#include "absl/strings/match.h"
#include "agent/loadgen/load_run.h"
#include "agent/loadgen/test_load.h"
#include "agent/loadgen/test_server.h"
#include "common/monotonic_clock.h"
#include "gtest/gtest.h"

namespace assay::loadgen {
namespace {

using Reply = TestServer::Reply;
using Seen = TestServer::Seen;
using Then = TestServer::Reply::Then;

constexpr int64_t kMillisecond = 1'000'000;

Reply Hello(const Seen&) { return {TestServer::Ok("hello")}; }

TEST(ClosedLoopTest, CountsExactlyTheRequestsAskedFor) {
  TestServer server(Hello);
  LoadOptions options = OptionsFor(server.target(), 8);
  options.duration_ns = 0;
  options.request_count = 1003;
  options.threads = 2;
  const LoadResult result = RunTestLoad(options).result;
  EXPECT_EQ(result.sent, 1003u);
  EXPECT_EQ(result.ok, 1003u);
  EXPECT_EQ(server.requests(), 1003u);
  EXPECT_EQ(server.connections(), 8u);
  EXPECT_EQ(result.status.at(200), 1003u);
  EXPECT_EQ(result.bytes_read, 1003u * TestServer::Ok("hello").size());
  EXPECT_EQ(result.reconnects, 0u);
}

TEST(ClosedLoopTest, GoesFromWarmUpIntoTheWindowOnTheSameConnections) {
  TestServer server(Hello);
  LoadOptions options = OptionsFor(server.target(), 4);
  options.warmup_ns = 100 * kMillisecond;
  const TestLoad load = RunTestLoad(options);
  EXPECT_GT(load.result.warmup_requests, 0u);
  EXPECT_EQ(server.requests(), load.result.warmup_requests + load.result.sent);
  EXPECT_EQ(server.connections(), 4u);
  EXPECT_EQ(load.result.duration_ns, options.duration_ns);
  EXPECT_EQ(load.result.in_flight, 0u);
}

// A sample belongs to the window in which it was sent.
TEST(ClosedLoopTest, SamplesOfTheWindowWereSentInIt) {
  TestServer server(Hello);
  LoadOptions options = OptionsFor(server.target(), 4);
  options.warmup_ns = 50 * kMillisecond;
  const int64_t before = MonotonicNanos();
  const TestLoad load = RunTestLoad(options);
  ASSERT_FALSE(load.samples.empty());
  const auto [first, last] = std::minmax_element(
      load.samples.begin(), load.samples.end(),
      [](const Sample& a, const Sample& b) { return a.intended_ns < b.intended_ns; });
  EXPECT_GE(first->intended_ns, before + options.warmup_ns);
  EXPECT_LT(last->intended_ns - first->intended_ns, options.duration_ns);
}

TEST(ClosedLoopTest, MeasuresAKnownDelay) {
  TestServer server([](const Seen&) { return Reply{TestServer::Ok("x"), 20 * kMillisecond}; });
  const LoadResult result = RunTestLoad(OptionsFor(server.target(), 4)).result;
  ASSERT_GT(result.ok, 0u);
  EXPECT_LE(result.ok, 4u * 10);
  EXPECT_GE(result.latency.min_ns(), 20 * kMillisecond);
}

TEST(ClosedLoopTest, NamesWrongStatusLengthAndBody) {
  TestServer server([](const Seen& seen) {
    switch (seen.request % 4) {
      case 0:
        return Reply{"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n"};
      case 1:
        return Reply{TestServer::Ok("hellO")};
      case 2:
        return Reply{TestServer::Ok("hello, world")};
      default:
        return Reply{TestServer::Ok("hello")};
    }
  });
  RequestSpec request;
  request.expect_status = 200;
  request.expect_length = 5;
  request.expect_body = "hello";
  LoadOptions options = OptionsFor(server.target(), 2, request);
  options.duration_ns = 0;
  options.request_count = 400;
  const TestLoad load = RunTestLoad(options);
  EXPECT_EQ(load.result.ok, 100u);
  EXPECT_EQ(load.result.error_kinds.at("unexpected status"), 100u);
  EXPECT_EQ(load.result.error_kinds.at("wrong body"), 100u);
  EXPECT_EQ(load.result.error_kinds.at("wrong body length"), 100u);
  EXPECT_EQ(load.result.status.at(503), 100u);
  EXPECT_EQ(std::count_if(
                load.samples.begin(), load.samples.end(),
                [](const Sample& sample) { return sample.outcome == SampleOutcome::kWrong5xx; }),
            100);
}

TEST(ClosedLoopTest, OpensAgainWhatTheServerCloses) {
  for (const bool announced : {true, false}) {
    TestServer server([announced](const Seen&) {
      return Reply{TestServer::Ok("bye", announced ? "Connection: close\r\n" : ""), 0,
                   Then::kClose};
    });
    LoadOptions options = OptionsFor(server.target(), 4);
    options.duration_ns = 0;
    options.request_count = 200;
    const LoadResult result = RunTestLoad(options).result;
    EXPECT_GE(result.reconnects, announced ? 196u : 90u);
    // Unannounced, the next request crosses the close: that one is lost, and says so.
    if (announced) {
      EXPECT_EQ(result.ok, 200u);
    }
    EXPECT_EQ(result.timeouts, 0u);
    EXPECT_EQ(result.in_flight, 0u);
  }
}

TEST(ClosedLoopTest, CountsResets) {
  TestServer server([](const Seen& seen) {
    return seen.request % 10 == 9 ? Reply{"", 0, Then::kReset} : Hello(seen);
  });
  // No second POST is sent: the server may have processed the first.
  RequestSpec post;
  post.method = "POST";
  LoadOptions options = OptionsFor(server.target(), 5, post);
  options.duration_ns = 0;
  options.request_count = 500;
  const LoadResult result = RunTestLoad(options).result;
  EXPECT_EQ(result.errors, 50u);
  EXPECT_EQ(result.error_kinds.at("reset by peer"), 50u);
  EXPECT_EQ(result.ok, 450u);
  EXPECT_GE(result.reconnects, 45u);
}

TEST(ClosedLoopTest, CountsGarbageAsMalformed) {
  TestServer server([](const Seen& seen) {
    switch (seen.request % 3) {
      case 0:
        return Reply{"\x16\x03\x01 this is not HTTP\r\n\r\n"};
      case 1:
        return Reply{TestServer::Ok("hello") + "and more than was promised"};
      default:
        return Hello(seen);
    }
  });
  LoadOptions options = OptionsFor(server.target(), 3);
  options.duration_ns = 0;
  options.request_count = 300;
  const LoadResult result = RunTestLoad(options).result;
  EXPECT_GE(result.error_kinds.at("malformed response"), 100u);
  EXPECT_GT(result.ok, 0u);
  EXPECT_EQ(result.requests(), 300u);
}

TEST(ClosedLoopTest, CountsResponsesCutShort) {
  TestServer server([](const Seen&) {
    return Reply{"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this", 0, Then::kClose};
  });
  LoadOptions options = OptionsFor(server.target(), 2);
  options.duration_ns = 0;
  options.request_count = 20;
  const LoadResult result = RunTestLoad(options).result;
  EXPECT_EQ(result.ok, 0u);
  EXPECT_EQ(result.error_kinds.at("closed early"), 20u);
}

TEST(ClosedLoopTest, ReadsChunkedAndCloseDelimitedResponses) {
  TestServer server([](const Seen& seen) {
    return seen.request % 2 == 0
               ? Reply{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n"
                       "0\r\n\r\n"}
               : Reply{"HTTP/1.1 200 OK\r\n\r\nhello", 0, Then::kClose};
  });
  RequestSpec request;
  request.expect_body = "hello";
  LoadOptions options = OptionsFor(server.target(), 2, request);
  options.duration_ns = 0;
  options.request_count = 100;
  const LoadResult result = RunTestLoad(options).result;
  EXPECT_EQ(result.ok, 100u);
}

TEST(ClosedLoopTest, TimesOutWhatIsNeverAnswered) {
  TestServer server([](const Seen&) { return Reply{"", 3'600'000 * kMillisecond}; });
  LoadOptions options = OptionsFor(server.target(), 3);
  options.timeout_ns = 40 * kMillisecond;
  options.drain_ns = options.timeout_ns;
  const LoadResult result = RunTestLoad(options).result;
  EXPECT_EQ(result.ok, 0u);
  EXPECT_GE(result.timeouts, 3u);
  EXPECT_EQ(result.errors, 0u);
  EXPECT_GE(result.latency.min_ns(), options.timeout_ns);
}

TEST(ClosedLoopTest, LeavesInFlightWhatOutlastsTheDrain) {
  TestServer server([](const Seen&) { return Reply{"", 3'600'000 * kMillisecond}; });
  LoadOptions options = OptionsFor(server.target(), 3);
  options.drain_ns = 10 * kMillisecond;
  const LoadResult result = RunTestLoad(options).result;
  EXPECT_EQ(result.sent, 3u);
  EXPECT_EQ(result.in_flight, 3u);
}

TEST(ClosedLoopTest, SurvivesTheDeathOfTheServer) {
  TestServer server([](const Seen&) { return Reply{TestServer::Ok("x"), kMillisecond}; });
  LoadOptions options = OptionsFor(server.target(), 6);
  options.duration_ns = 400 * kMillisecond;
  const LoadResult result = RunTestLoad(options, [&] {
                              while (server.requests() < 20) {
                              }
                              server.Kill();
                            }).result;
  EXPECT_GT(result.ok, 0u);
  EXPECT_GT(result.errors, 0u);
  EXPECT_GT(result.error_kinds.count("connection refused"), 0u);
}

TEST(ClosedLoopTest, SaysThatNobodyListens) {
  std::string target;
  {
    TestServer server(Hello);
    target = server.target();
  }
  const LoadOptions options = OptionsFor(target, 4);
  absl::StatusOr<std::unique_ptr<LoadRun>> run = LoadRun::Create(&options, nullptr);
  ASSERT_TRUE(run.ok());
  const absl::Status prepared = (*run)->Prepare();
  EXPECT_EQ(prepared.code(), absl::StatusCode::kUnavailable);
  EXPECT_TRUE(absl::StrContains(prepared.message(), "connection refused")) << prepared;
  const LoadResult result = (*run)->Finish();
  EXPECT_GT(result.error_kinds.at("connection refused"), 0u);
  EXPECT_EQ(result.sent, result.errors);
}

TEST(ClosedLoopTest, KeepsThePipelineFullAndInOrder) {
  TestServer server([](const Seen& seen) { return Reply{TestServer::Ok(seen.text)}; });
  RequestSpec request;
  request.body = "in order";
  request.expect_body =
      "POST / HTTP/1.1\r\nHost: " + server.target() + "\r\nContent-Length: 8\r\n\r\nin order";
  LoadOptions options = OptionsFor(server.target(), 2, request);
  options.pipeline = 16;
  options.duration_ns = 0;
  options.request_count = 2'000;
  const LoadResult result = RunTestLoad(options).result;
  EXPECT_EQ(result.ok, 2'000u);
  EXPECT_EQ(server.requests(), 2'000u);
}

TEST(ClosedLoopTest, SendsBodiesLargerThanASocketTakes) {
  TestServer server([](const Seen& seen) {
    return Reply{TestServer::Ok(seen.text.substr(seen.text.find("\r\n\r\n") + 4))};
  });
  RequestSpec request;
  request.body = std::string(3'000'000, 'b') + "end";
  request.expect_body = request.body;
  LoadOptions options = OptionsFor(server.target(), 2, request);
  options.duration_ns = 0;
  options.request_count = 8;
  options.timeout_ns = 30'000 * kMillisecond;
  options.drain_ns = options.timeout_ns;
  EXPECT_EQ(RunTestLoad(options).result.ok, 8u);
}

TEST(ClosedLoopTest, RestsBetweenResponseAndRequest) {
  TestServer server(Hello);
  LoadOptions options = OptionsFor(server.target(), 2);
  options.think_ns = 50 * kMillisecond;
  const LoadResult result = RunTestLoad(options).result;
  EXPECT_GT(result.ok, 0u);
  EXPECT_LE(result.sent, 2u * 4);
}

TEST(ClosedLoopTest, LoadsAUnixSocket) {
  // Not in TEST_TMPDIR: a sandbox's path is longer than a socket's may be.
  const std::string path = "/tmp/assay_closed_loop_test." + std::to_string(getpid()) + ".sock";
  std::remove(path.c_str());
  TestServer server(Hello, path);
  LoadOptions options = OptionsFor(server.target(), 3);
  options.duration_ns = 0;
  options.request_count = 90;
  EXPECT_EQ(RunTestLoad(options).result.ok, 90u);
}

TEST(ClosedLoopTest, StopsWhenTold) {
  TestServer server(Hello);
  LoadOptions options = OptionsFor(server.target(), 2);
  options.duration_ns = 3'600'000 * kMillisecond;
  absl::StatusOr<std::unique_ptr<LoadRun>> run = LoadRun::Create(&options, nullptr);
  ASSERT_TRUE(run.ok() && (*run)->Prepare().ok());
  (*run)->Start(MonotonicNanos());
  while (server.requests() < 10) {
  }
  (*run)->Stop();
  const LoadResult result = (*run)->Finish();
  EXPECT_GE(result.ok, 10u);
  EXPECT_EQ(result.sent, result.ok);
  EXPECT_TRUE(result.stopped);
  EXPECT_LT(result.duration_ns, options.duration_ns);
}

}  // namespace
}  // namespace assay::loadgen

// The open loop: what falls due is sent or accounted for, and what it reports is what happened.

#include "agent/loadgen/open_loop.h"

#include <atomic>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>

#include "agent/loadgen/options.h"
#include "agent/loadgen/test_load.h"
#include "agent/loadgen/test_server.h"
#include "analysis/order_statistics.h"
#include "analysis/random_stream.h"
#include "common/monotonic_clock.h"
#include "gtest/gtest.h"

namespace assay::loadgen {
namespace {

using Reply = TestServer::Reply;
using Seen = TestServer::Seen;

constexpr int64_t kMillisecond = 1'000'000;

Reply Hello(const Seen&) { return {TestServer::Ok("hello")}; }

// Gentle: a spinning loop would take the core from the test's server.
LoadOptions OpenOptions(const std::string& target, int connections, double rate_per_s) {
  LoadOptions options = OptionsFor(target, connections);
  options.rate_per_s = rate_per_s;
  options.pacing = Pacing::kGentle;
  options.queue_limit = 100'000;
  return options;
}

TEST(OpenLoopTest, SendsExactlyWhatFallsDueInTheWindow) {
  TestServer server(Hello);
  LoadOptions options = OpenOptions(server.target(), 8, 2000);
  options.warmup_ns = 50 * kMillisecond;
  options.threads = 2;
  const LoadResult result = RunTestLoad(options).result;
  EXPECT_EQ(result.sent, 400u);
  EXPECT_EQ(result.warmup_requests, 100u);
  EXPECT_EQ(result.ok, 400u);
  EXPECT_EQ(server.requests(), 500u);
  EXPECT_EQ(result.send_lag.count(), 400u);
  EXPECT_EQ(result.service.count(), 400u);
  EXPECT_DOUBLE_EQ(result.offered_per_s, 2000);
  EXPECT_EQ(result.duration_ns, options.duration_ns);
}

TEST(OpenLoopTest, SpinningSendsTheSame) {
  TestServer server(Hello);
  LoadOptions options = OpenOptions(server.target(), 4, 1000);
  options.pacing = Pacing::kSpin;
  EXPECT_EQ(RunTestLoad(options).result.ok, 200u);
}

TEST(OpenLoopTest, CountsBoundTheWindow) {
  TestServer server(Hello);
  LoadOptions options = OpenOptions(server.target(), 4, 2000);
  options.duration_ns = 0;
  options.request_count = 123;
  const LoadResult result = RunTestLoad(options).result;
  EXPECT_EQ(result.sent, 123u);
  EXPECT_EQ(result.ok, 123u);
}

// Latency is lag and service: it counts from when a request was due, not from when it could be sent.
TEST(OpenLoopTest, LatencyIsSendLagPlusService) {
  TestServer server([](const Seen&) { return Reply{TestServer::Ok("x"), 10 * kMillisecond}; });
  // One connection does 100 a second at most; 200 fall due.
  const LoadResult result = RunTestLoad(OpenOptions(server.target(), 1, 200)).result;
  EXPECT_EQ(result.sent, 40u);
  EXPECT_EQ(result.ok, 40u);
  EXPECT_EQ(result.latency.sum_ns(), result.send_lag.sum_ns() + result.service.sum_ns());
  // The last one was due after 195 ms, when at best 19 were answered: it waits for 20 more.
  EXPECT_GE(result.latency.max_ns(), 195 * kMillisecond);
  EXPECT_GE(result.send_lag.max_ns(), 185 * kMillisecond);
}

TEST(OpenLoopTest, CountsWhatFindsNoRoomToWait) {
  TestServer server([](const Seen&) { return Reply{TestServer::Ok("x"), 100 * kMillisecond}; });
  LoadOptions options = OpenOptions(server.target(), 2, 1000);
  options.queue_limit = 10;
  const LoadResult result = RunTestLoad(options).result;
  EXPECT_EQ(result.sent, 200u);
  EXPECT_GT(result.error_kinds.at("waiting queue overflow"), 100u);
  EXPECT_GT(result.ok, 0u);
}

TEST(OpenLoopTest, WaitingTooLongIsATimeout) {
  TestServer server([](const Seen&) {
    return Reply{TestServer::Ok("x"), 3'600'000 * kMillisecond};
  });
  LoadOptions options = OpenOptions(server.target(), 2, 500);
  options.timeout_ns = 60 * kMillisecond;
  options.drain_ns = 1000 * kMillisecond;
  const LoadResult result = RunTestLoad(options).result;
  EXPECT_EQ(result.sent, 100u);
  EXPECT_EQ(result.timeouts, 100u);
  EXPECT_GE(result.latency.min_ns(), 60 * kMillisecond);
}

TEST(OpenLoopTest, AccountsForTheDeathOfTheServer) {
  TestServer server(Hello);
  LoadOptions options = OpenOptions(server.target(), 4, 2000);
  options.drain_ns = 100 * kMillisecond;
  const LoadResult result = RunTestLoad(options, [&] {
                              while (server.requests() < 50) {
                              }
                              server.Kill();
                            }).result;
  EXPECT_EQ(result.sent, 400u);
  // The last ones that it took may not have been answered.
  EXPECT_GE(result.ok, 40u);
  EXPECT_LT(result.ok, 400u);
}

// 1,000 requests a second for 10 s against a server that stands still for one of them: a tenth of all fall due in the
// stall and wait for the rest of it, evenly from 0 to 1 s. So p90 is near 0, p95 near 500 ms, p99 near 900 ms. Scaled
// by ten here: 1 s, with a stall of 100 ms.
TEST(OpenLoopTest, SeesAStallAsThoseWhoWaitDo) {
  std::atomic<int64_t> stall_end{0};
  std::atomic<int64_t> stall_begin{INT64_MAX};
  TestServer server([&](const Seen&) {
    const int64_t now = MonotonicNanos();
    const bool stalls = now >= stall_begin && now < stall_end;
    return Reply{TestServer::Ok("x"), stalls ? stall_end - now : 0};
  });
  LoadOptions options = OpenOptions(server.target(), 64, 2000);
  options.duration_ns = 1000 * kMillisecond;
  const LoadResult open = RunTestLoad(options, [&] {
                            const int64_t now = MonotonicNanos();
                            stall_end = now + 500 * kMillisecond;
                            stall_begin = now + 400 * kMillisecond;
                          }).result;
  EXPECT_EQ(open.sent, 2000u);
  EXPECT_EQ(open.ok, 2000u);
  // Bounds from below hold on the slowest machine; those from above leave room for it.
  EXPECT_GE(*open.latency.QuantileNanos(0.95), 40 * kMillisecond);
  EXPECT_GE(*open.latency.QuantileNanos(0.99), 80 * kMillisecond);
  EXPECT_GE(open.latency.max_ns(), 95 * kMillisecond);

  // The closed loop sends nothing while it waits: it sees one slow request a connection, and its p95 none of it.
  LoadOptions closed_options = OptionsFor(server.target(), 1);
  closed_options.duration_ns = 1000 * kMillisecond;
  stall_begin = INT64_MAX;
  const LoadResult closed = RunTestLoad(closed_options, [&] {
                              const int64_t now = MonotonicNanos();
                              stall_end = now + 500 * kMillisecond;
                              stall_begin = now + 400 * kMillisecond;
                            }).result;
  uint64_t slow = 0;
  closed.latency.ForEachBucket([&](uint32_t index, uint64_t count) {
    if (LatencyHistogram::BucketLow(index) >= 50 * kMillisecond) slow += count;
  });
  EXPECT_GE(slow, 1u);
  EXPECT_LT(slow, closed.ok / 20);
  EXPECT_LT(*closed.latency.QuantileNanos(0.95), 50 * kMillisecond);
}

// Delays drawn from known distributions come back as the quantiles that theory says, less never, more only by what the
// machine adds.
TEST(OpenLoopTest, ReportsTheQuantilesOfKnownDelays) {
  struct Case {
    const char* name;
    int64_t (*delay)(double uniform);
    double p50_ms;
    double p90_ms;
  };
  const Case cases[] = {
      {"constant", [](double) { return 30 * kMillisecond; }, 30, 30},
      {"exponential",
       [](double u) { return static_cast<int64_t>(-std::log1p(-u) * 40 * kMillisecond); },
       40 * std::log(2), 40 * std::log(10)},
      {"two modes", [](double u) { return (u < 0.7 ? 20 : 80) * kMillisecond; }, 20, 80},
  };
  for (const Case& known : cases) {
    // Evenly spread in place of random, so that the sample's own quantiles are the theory's.
    TestServer server([&](const Seen& seen) {
      const double uniform = std::fmod(static_cast<double>(seen.request) * 0.6180339887498949, 1.0);
      return Reply{TestServer::Ok("x"), known.delay(uniform)};
    });
    LoadOptions options = OpenOptions(server.target(), 100, 500);
    options.duration_ns = 800 * kMillisecond;
    const LoadResult result = RunTestLoad(options).result;
    ASSERT_EQ(result.ok, 400u) << known.name;
    for (const auto& [q, theory_ms] :
         {std::pair(0.5, known.p50_ms), std::pair(0.9, known.p90_ms)}) {
      const std::optional<Estimate> found = PooledQuantile(result.latency, q);
      ASSERT_TRUE(found.has_value() && found->high.has_value()) << known.name;
      EXPECT_GE(*found->high, theory_ms * 0.98e6) << known.name << " " << q;
      EXPECT_LE(*found->low, theory_ms * 1e6 + 40e6) << known.name << " " << q;
    }
  }
}

}  // namespace
}  // namespace assay::loadgen

// The open loop: what falls due is sent or accounted for, and what it reports is what happened.

#include "agent/loadgen/open_loop.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "agent/loadgen/options.h"
#include "agent/loadgen/test_load.h"
#include "agent/loadgen/test_server.h"
#include "analysis/sample_codec.h"
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

// How many due times of the two coincide, to the nanosecond, when one of them is shifted so that most do: their starts
// differ.
size_t MostInCommon(const std::vector<Sample>& some, const std::vector<Sample>& others) {
  std::vector<int64_t> shifts;
  for (const Sample& a : some) {
    for (const Sample& b : others) shifts.push_back(b.intended_ns - a.intended_ns);
  }
  std::sort(shifts.begin(), shifts.end());
  size_t most = 0;
  for (auto from = shifts.begin(); from != shifts.end();) {
    const auto to = std::upper_bound(from, shifts.end(), *from);
    most = std::max(most, static_cast<size_t>(to - from));
    from = to;
  }
  return most;
}

// Two load generators as on two hosts, with two threads each.
TEST(OpenLoopTest, TwoSharesOfAPoissonLoadDifferAndOfferItsRateTogether) {
  constexpr double kRateOfOne = 1000;  // For a second.
  TestServer server(Hello);
  TestLoad loads[2];
  const auto run = [&](int share) {
    LoadOptions options = OpenOptions(server.target(), 8, kRateOfOne);
    options.arrivals = Arrivals::kPoisson;
    options.duration_ns = 1000 * kMillisecond;
    options.threads = 2;
    options.share_index = share;
    options.share_count = 2;
    loads[share] = RunTestLoad(options);
  };
  std::thread other([&] { run(1); });
  run(0);
  other.join();
  uint64_t sent = 0;
  for (const TestLoad& load : loads) {
    EXPECT_NEAR(static_cast<double>(load.result.sent), kRateOfOne, 4 * std::sqrt(kRateOfOne));
    EXPECT_DOUBLE_EQ(load.result.offered_per_s, kRateOfOne);
    sent += load.result.sent;
  }
  EXPECT_NEAR(static_cast<double>(sent), 2 * kRateOfOne, 4 * std::sqrt(2 * kRateOfOne));
  EXPECT_EQ(server.requests(), sent);
  // Had a thread of one drawn what a thread of the other did, some 500 would coincide; by chance a few do.
  EXPECT_LT(MostInCommon(loads[0].samples, loads[1].samples), 20u);
}

}  // namespace
}  // namespace assay::loadgen

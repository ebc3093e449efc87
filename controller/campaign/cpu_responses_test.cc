#include "controller/campaign/cpu_responses.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "analysis/response_counts.h"
#include "proto/convert/execution_figures.h"
#include "proto/convert/response_counts_proto.h"

namespace assay::controller {
namespace {

constexpr int64_t kMs = 1'000'000;
constexpr int64_t kSecond = 1'000 * kMs;
// The common start, on the clocks of two hosts.
constexpr int64_t kServerStart = 1'000 * kSecond;
constexpr int64_t kLoadStart = 5'000 * kSecond;
// What a request costs the server, all told.
constexpr int64_t kCost = 137'400;

// A server that works on one request after the other, each for kCost, from `first_ns` until `last_ns` after the common
// start; its CPU clock runs meanwhile and rests elsewhere.
class SteadyServer {
 public:
  SteadyServer(int64_t first_ns, int64_t last_ns) : first_ns_(first_ns), last_ns_(last_ns) {}

  int64_t CpuAt(int64_t at_ns) const { return std::clamp(at_ns, first_ns_, last_ns_) - first_ns_; }

  // The CPU a request that an execution shows whose window is this, with readings so late.
  std::optional<double> Shown(int64_t warmup_ns, int64_t window_ns, int64_t begin_late_ns,
                              int64_t end_late_ns, uint64_t requests) const {
    ResponseCounts counts;
    counts.Begin(kLoadStart + warmup_ns, INT64_MAX);
    for (int64_t at = first_ns_ + kCost; at <= last_ns_; at += kCost) counts.Add(kLoadStart + at);
    ResponseTimeline timeline;
    ToProto(counts, &timeline);
    ExecutionRecord record;
    ServerFinished& server = *record.mutable_server();
    const int64_t begin_ns = warmup_ns + begin_late_ns;
    const int64_t end_ns = warmup_ns + window_ns + end_late_ns;
    server.set_cpu_begin_ns(kServerStart + begin_ns);
    server.set_cpu_end_ns(kServerStart + end_ns);
    server.set_cpu_ns(CpuAt(end_ns) - CpuAt(begin_ns));
    record.add_loads()->mutable_finished()->set_ok(requests);
    const std::optional<uint64_t> responses =
        ServerCpuResponses(server, kServerStart, {{.timeline = &timeline, .start_ns = kLoadStart}});
    if (responses.has_value()) record.set_server_cpu_responses(*responses);
    return FiguresOf(record).server_cpu_us_per_request;
  }

 private:
  const int64_t first_ns_;
  const int64_t last_ns_;
};

constexpr double kCostMicros = kCost / 1e3;

// Each of these divided one set of requests into the CPU time of another, and showed 108 to 165 us.
TEST(ServerCpuResponsesTest, AServerOfConstantCostShowsItWhateverTheWindow) {
  // 256 requests behind a warm-up: 64 of that are in flight at the window's begin; the end is read when all is over.
  const SteadyServer warm(0, 100 * kMs + (64 + 256) * kCost);
  EXPECT_NEAR(*warm.Shown(100 * kMs, 320 * kCost, 2 * kMs, 3 * kMs, 256), kCostMicros, 1.4);
  // Without a warm-up, the clock read late at the begin.
  const SteadyServer cold(0, 256 * kCost);
  EXPECT_NEAR(*cold.Shown(0, 256 * kCost, 4 * kMs, 2 * kMs, 256), kCostMicros, 1.4);
  // Windows of 0.1 and 0.4 s, 64 responses of the drain behind them.
  for (const int64_t window : {100 * kMs, 400 * kMs}) {
    const SteadyServer drained(0, window + 64 * kCost);
    EXPECT_NEAR(*drained.Shown(0, window, kMs, 0, 800), kCostMicros, 1.4) << window;
  }
  // Above capacity: most requests wait for the drain or find no room.
  const SteadyServer overloaded(0, 5 * kSecond);
  EXPECT_NEAR(*overloaded.Shown(0, kSecond, kMs, kMs, 40'000), kCostMicros, 1.4);
  // A long window.
  const SteadyServer busy(0, 61 * kSecond);
  EXPECT_NEAR(*busy.Shown(kSecond, 60 * kSecond, kMs, 5 * kMs, 400'000), kCostMicros, 1.4);
}

// A server below its capacity rests; its clock does too.
TEST(ServerCpuResponsesTest, AServerThatDidNothingBetweenTheReadingsHasNoFigure) {
  const SteadyServer server(0, kSecond);
  EXPECT_EQ(server.Shown(2 * kSecond, kSecond, 0, 0, 1), std::nullopt);
}

TEST(ServerCpuResponsesTest, LoadsOfSeveralClocksAddUp) {
  ResponseCounts counts;
  counts.Begin(0, INT64_MAX);
  for (int64_t at = 1; at <= 1'000; ++at) counts.Add(at * kMs);
  ResponseTimeline counts_told;
  ToProto(counts, &counts_told);
  ServerFinished server;
  server.set_cpu_begin_ns(100 * kMs);
  server.set_cpu_end_ns(600 * kMs);
  const auto count = [&](const std::vector<LoadResponses>& loads) {
    return static_cast<double>(ServerCpuResponses(server, 0, loads).value_or(0));
  };
  // One whose clock is the server's, though its start was told it 950 ms apart; one whose clock is 800 ms ahead, so that
  // of its responses 100 came meanwhile.
  const LoadResponses here{&counts_told, 950 * kMs, true};
  const LoadResponses elsewhere{&counts_told, 800 * kMs, false};
  EXPECT_NEAR(count({here}), 500, 1);
  EXPECT_NEAR(count({elsewhere}), 100, 1);
  EXPECT_NEAR(count({here, elsewhere}), 600, 2);
}

TEST(ServerCpuResponsesTest, WhatAnAgentDidNotTellIsNotKnown) {
  ResponseTimeline timeline;
  timeline.set_width_ns(8);
  ServerFinished server;
  const std::vector<LoadResponses> loads = {{.timeline = &timeline}};
  EXPECT_EQ(ServerCpuResponses(server, 0, loads), std::nullopt) << "an agent of before";
  server.set_cpu_begin_ns(1);
  server.set_cpu_end_ns(2);
  EXPECT_EQ(ServerCpuResponses(server, 0, loads), 0);
  const ResponseTimeline untold;
  EXPECT_EQ(ServerCpuResponses(server, 0, {{.timeline = &untold}}), std::nullopt);
  EXPECT_EQ(ServerCpuResponses(server, INT64_MIN, loads), std::nullopt);
}

}  // namespace
}  // namespace assay::controller

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
// The CPU time of the server for one request.
constexpr int64_t kCost = 137'400;

// A server that processes one request after the other, each for kCost, from `first_ns` to `last_ns` after the common
// start. Its CPU clock advances only in that time.
class SteadyServer {
 public:
  SteadyServer(int64_t first_ns, int64_t last_ns) : first_ns_(first_ns), last_ns_(last_ns) {}

  int64_t CpuAt(int64_t at_ns) const { return std::clamp(at_ns, first_ns_, last_ns_) - first_ns_; }

  // The figure server_cpu_us_per_request of an execution with this window, whose CPU readings are this late.
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

// Dividing the CPU time of one set of requests by the number of another gave 108 to 165 us in these cases.
TEST(ServerCpuResponsesTest, AServerOfConstantCostHasTheSameFigureInEveryWindow) {
  // 256 requests after a warm-up, which leaves 64 requests in flight at the start of the window. The end is read after
  // all responses.
  const SteadyServer warm(0, 100 * kMs + (64 + 256) * kCost);
  EXPECT_NEAR(*warm.Shown(100 * kMs, 320 * kCost, 2 * kMs, 3 * kMs, 256), kCostMicros, 1.4);
  // No warm-up; the first reading is late.
  const SteadyServer cold(0, 256 * kCost);
  EXPECT_NEAR(*cold.Shown(0, 256 * kCost, 4 * kMs, 2 * kMs, 256), kCostMicros, 1.4);
  // Windows of 0.1 and 0.4 s, followed by 64 responses in the drain.
  for (const int64_t window : {100 * kMs, 400 * kMs}) {
    const SteadyServer drained(0, window + 64 * kCost);
    EXPECT_NEAR(*drained.Shown(0, window, kMs, 0, 800), kCostMicros, 1.4) << window;
  }
  // Above capacity: most requests wait until the drain, or overflow the queue.
  const SteadyServer overloaded(0, 5 * kSecond);
  EXPECT_NEAR(*overloaded.Shown(0, kSecond, kMs, kMs, 40'000), kCostMicros, 1.4);
  // A long window.
  const SteadyServer busy(0, 61 * kSecond);
  EXPECT_NEAR(*busy.Shown(kSecond, 60 * kSecond, kMs, 5 * kMs, 400'000), kCostMicros, 1.4);
}

// The CPU clock of an idle server does not advance.
TEST(ServerCpuResponsesTest, AServerThatIsIdleBetweenTheReadingsHasNoFigure) {
  const SteadyServer server(0, kSecond);
  EXPECT_EQ(server.Shown(2 * kSecond, kSecond, 0, 0, 1), std::nullopt);
}

TEST(ServerCpuResponsesTest, AddsUpLoadsOnDifferentClocks) {
  ResponseCounts counts;
  counts.Begin(0, INT64_MAX);
  for (int64_t at = 1; at <= 1'000; ++at) counts.Add(at * kMs);
  ResponseTimeline reported;
  ToProto(counts, &reported);
  ServerFinished server;
  server.set_cpu_begin_ns(100 * kMs);
  server.set_cpu_end_ns(600 * kMs);
  const auto count = [&](const std::vector<LoadResponses>& loads) {
    return static_cast<double>(ServerCpuResponses(server, 0, loads).value_or(0));
  };
  // One load shares the server's clock, although its start time is 950 ms later. The clock of the other load is 800 ms
  // ahead, so that 100 of its responses arrive between the readings.
  const LoadResponses here{&reported, 950 * kMs, true};
  const LoadResponses elsewhere{&reported, 800 * kMs, false};
  EXPECT_NEAR(count({here}), 500, 1);
  EXPECT_NEAR(count({elsewhere}), 100, 1);
  EXPECT_NEAR(count({here, elsewhere}), 600, 2);
}

TEST(ServerCpuResponsesTest, ReturnsNothingIfAnAgentDidNotReportAValue) {
  ResponseTimeline timeline;
  timeline.set_width_ns(8);
  ServerFinished server;
  const std::vector<LoadResponses> loads = {{.timeline = &timeline}};
  EXPECT_EQ(ServerCpuResponses(server, 0, loads), std::nullopt) << "an older agent";
  server.set_cpu_begin_ns(1);
  server.set_cpu_end_ns(2);
  EXPECT_EQ(ServerCpuResponses(server, 0, loads), 0);
  const ResponseTimeline empty;
  EXPECT_EQ(ServerCpuResponses(server, 0, {{.timeline = &empty}}), std::nullopt);
  EXPECT_EQ(ServerCpuResponses(server, INT64_MIN, loads), std::nullopt);
}

}  // namespace
}  // namespace assay::controller

#include "analysis/figures.h"

#include <gtest/gtest.h>

#include <optional>
#include <vector>

namespace assay {
namespace {

constexpr int64_t kSecond = 1'000'000'000;

LoadCounts Second() {
  return {.sent = 1000,
          .ok = 1000,
          .ok_in_window = 1000,
          .window_ns = kSecond,
          .work_ns = 5'000'000,
          .work_responses = 1000,
          .think_ns = 100'000'000,
          .flight_ns = 900'000'000,
          .cycles = 1000};
}

// The server responds after 0.8 s, in a window of 0.4 s: its 64 responses arrive in the drain.
TEST(FiguresTest, WindowWithoutAResponseHasAThroughputOfZero) {
  LoadCounts load = Second();
  load.sent = load.ok = 64;
  load.ok_in_window = 0;
  load.window_ns = kSecond * 2 / 5;
  EXPECT_EQ(DeriveFigures({load}, std::nullopt).rps, 0);
}

TEST(FiguresTest, OldRecordWithoutResponsesInTheWindowKeepsItsThroughput) {
  LoadCounts load = Second();
  load.ok_in_window.reset();
  EXPECT_EQ(DeriveFigures({load}, std::nullopt).rps, 1000);
}

// Only responses between the readings count, not in-flight requests of the warm-up and the drain.
TEST(FiguresTest, CpuPerRequestDividesByTheResponsesBetweenTheReadings) {
  LoadCounts load = Second();
  load.sent = load.ok = 256;
  load.work_responses = 320;
  load.work_ns = 320 * 4'000;
  const ServerUse server{.cpu_ns = 310 * 137'400, .dated = true, .responses = 310};
  const Figures figures = DeriveFigures({load}, server);
  EXPECT_DOUBLE_EQ(*figures.server_cpu_us_per_request, 137.4);
  EXPECT_DOUBLE_EQ(*figures.generator_cpu_us_per_request, 4);
}

TEST(FiguresTest, OldRecordKeepsItsCpuPerRequest) {
  LoadCounts load = Second();
  load.work_responses.reset();
  const Figures figures = DeriveFigures({load}, ServerUse{.cpu_ns = 9'000'000});
  EXPECT_DOUBLE_EQ(*figures.server_cpu_us_per_request, 9);
  EXPECT_DOUBLE_EQ(*figures.generator_cpu_us_per_request, 5);
}

TEST(FiguresTest, CpuPerRequestIsNotSetWithoutItsCountOrTheWholeProcessTree) {
  const auto cpu = [](ServerUse server) {
    return DeriveFigures({Second()}, server).server_cpu_us_per_request;
  };
  EXPECT_TRUE(cpu({.cpu_ns = 1, .dated = true, .responses = 1}).has_value());
  EXPECT_FALSE(cpu({.cpu_ns = 1, .dated = true}).has_value());
  EXPECT_FALSE(cpu({.cpu_ns = 1, .dated = true, .responses = 0}).has_value());
  EXPECT_FALSE(cpu({.cpu_ns = 1, .dated = true, .complete = false, .responses = 1}).has_value());
}

TEST(FiguresTest, ImpossibleValuesAreNotSet) {
  const ServerUse backwards{.cpu_ns = -5, .dated = true, .responses = 1};
  EXPECT_FALSE(DeriveFigures({Second()}, backwards).server_cpu_us_per_request.has_value());
  LoadCounts load = Second();
  load.work_ns = -1;
  load.window_ns = -kSecond;
  load.think_ns = -1;
  Figures figures = DeriveFigures({load, Second()}, std::nullopt);
  EXPECT_FALSE(figures.generator_cpu_us_per_request.has_value());
  EXPECT_FALSE(figures.rps.has_value());
  EXPECT_FALSE(figures.think_time_us.has_value());
  load = Second();
  load.errors = UINT64_MAX;
  load.sent = UINT64_MAX;
  figures = DeriveFigures({load, Second()}, std::nullopt);
  EXPECT_FALSE(figures.requests.has_value());
  EXPECT_FALSE(figures.sent.has_value());
}

// Known answer 9 of docs/measurement.md.
TEST(FiguresTest, ThinkTimeFollowsFromLittlesLaw) {
  EXPECT_NEAR(ThinkTime(16, 162'874, 77.9e-6) * 1e6, 20.3, 0.05);
  // The same from the times of a window of 1 s: 162,874 requests of 77.9 us occupied this share of 16 slots.
  LoadCounts load = Second();
  load.cycles = 162'874;
  load.flight_ns = 162'874 * 77'900LL;
  load.think_ns = 16 * kSecond - load.flight_ns;
  const Figures figures = DeriveFigures({load}, std::nullopt);
  EXPECT_NEAR(*figures.think_time_us, 20.3, 0.05);
  EXPECT_NEAR(*figures.think_share, 20.3 / (20.3 + 77.9), 1e-3);
}

TEST(FiguresTest, ThinkTimeIsNotKnownInAnOpenLoopOrWithoutARequest) {
  LoadCounts load = Second();
  load.think_ns.reset();
  EXPECT_FALSE(DeriveFigures({load}, std::nullopt).think_time_us.has_value());
  load = Second();
  load.cycles = 0;
  EXPECT_FALSE(DeriveFigures({load}, std::nullopt).think_time_us.has_value());
}

TEST(FiguresTest, AddsTheCountsOfLoadAgents) {
  const Figures figures = DeriveFigures({Second(), Second()}, std::nullopt);
  EXPECT_EQ(figures.rps, 2000);
  EXPECT_EQ(figures.sent, 2000);
  EXPECT_DOUBLE_EQ(*figures.generator_cpu_us_per_request, 5);
  EXPECT_DOUBLE_EQ(*figures.think_time_us, 100);
  EXPECT_DOUBLE_EQ(*figures.think_share, 0.1);
}

}  // namespace
}  // namespace assay

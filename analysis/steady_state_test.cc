#include "analysis/steady_state.h"

#include <cmath>
#include <map>
#include <vector>

#include "absl/status/status.h"
#include "analysis/random_stream.h"
#include "gtest/gtest.h"

namespace assay {
namespace {

// Noise around `level`, plus a transient that decays within `warmup` values.
std::vector<double> Series(RandomStream* random, int count, double warmup, double level = 100,
                           double excess = 400) {
  std::vector<double> values;
  for (int i = 0; i < count; ++i) {
    const double noise = random->NextDouble() + random->NextDouble() - 1;
    values.push_back(level + 3 * noise + (warmup > 0 ? excess * std::exp(-5 * i / warmup) : 0));
  }
  return values;
}

// A false alarm would invalidate a sound measurement.
TEST(SteadyStateTest, SteadySeriesIsRarelyRejected) {
  RandomStream random(1);
  for (const int count : {20, 30, 60, 99, 100, 200, 500}) {
    int unsteady = 0;
    size_t cut = 0;
    for (int round = 0; round < 1000; ++round) {
      const SteadyState state = FindSteadyState(Series(&random, count, 0)).value();
      unsteady += state.steady ? 0 : 1;
      cut += state.warmup;
    }
    EXPECT_LE(unsteady, 45) << count;
    EXPECT_LE(cut / 1000, count / 5) << count;
  }
}

TEST(SteadyStateTest, RemovesTheWarmUpAndLittleMore) {
  RandomStream random(2);
  for (int round = 0; round < 50; ++round) {
    const SteadyState state = FindSteadyState(Series(&random, 500, 100)).value();
    ASSERT_TRUE(state.steady);
    ASSERT_GE(state.warmup, 50);
    ASSERT_LE(state.warmup, 250);
  }
}

// A server that warms up during the whole window was never measured.
TEST(SteadyStateTest, SeriesThatSettlesNearItsEndIsNotSteady) {
  std::vector<double> values(300, 100);
  for (int i = 0; i < 220; ++i) values[i] = 1000 - 4 * i;
  EXPECT_FALSE(FindSteadyState(values)->steady);
}

TEST(SteadyStateTest, SeriesThatNeverSettlesIsNotSteady) {
  RandomStream random(4);
  for (int round = 0; round < 100; ++round) {
    std::vector<double> values = Series(&random, 200, 0);
    for (int i = 0; i < 200; ++i) values[i] += i / 5.0;
    ASSERT_FALSE(FindSteadyState(values)->steady);
  }
}

TEST(SteadyStateTest, ConstantSeriesIsSteadyFromTheStart) {
  const SteadyState state = FindSteadyState(std::vector<double>(100, 7.5)).value();
  EXPECT_TRUE(state.steady);
  EXPECT_EQ(state.warmup, 0);
}

// By hand: the first two of twenty batches are 10, the others 0. The statistic is 0 once both are removed.
TEST(SteadyStateTest, RemovesWholeBatches) {
  std::vector<double> values(100);
  for (int i = 0; i < 10; ++i) values[i] = 10;
  EXPECT_EQ(FindSteadyState(values)->warmup, 10);
}

TEST(SteadyStateTest, LargeFiguresWithSmallDifferencesKeepTheirDigits) {
  RandomStream small(3);
  RandomStream large(3);
  EXPECT_EQ(FindSteadyState(Series(&small, 500, 100, 0))->warmup,
            FindSteadyState(Series(&large, 500, 100, 1e9))->warmup);
}

// The default design has 60 slots in a window of 3 s, and stalls of the machine make some of them slow.
TEST(SteadyStateTest, StallsOfSomeSlotsAreNoWarmUp) {
  RandomStream random(5);
  for (const int count : {20, 60, 200}) {
    int unsteady = 0;
    for (int round = 0; round < 1000; ++round) {
      std::vector<double> values = Series(&random, count, 0);
      for (double& value : values) value *= random.NextDouble() < 0.03 ? 3 : 1;
      unsteady += FindSteadyState(values)->steady ? 0 : 1;
    }
    EXPECT_LE(unsteady, 70) << count;
  }
}

// The noise has a standard deviation of 1.22.
TEST(SteadyStateTest, FindsAWarmUpThatLastsForAllOfAShortWindow) {
  RandomStream random(6);
  for (const auto& [count, drift] : std::map<int, double>{{20, 25}, {60, 15}, {200, 10}}) {
    int found = 0;
    for (int round = 0; round < 1000; ++round) {
      std::vector<double> values = Series(&random, count, 0);
      for (int i = 0; i < count; ++i) values[i] -= drift * i / count;
      found += FindSteadyState(values)->steady ? 0 : 1;
    }
    EXPECT_GE(found, 700) << count;
  }
}

TEST(SteadyStateTest, RemovesTheWarmUpOfAShortWindow) {
  RandomStream random(7);
  int removed = 0;
  for (int round = 0; round < 100; ++round) {
    const SteadyState state = FindSteadyState(Series(&random, 60, 15)).value();
    removed += state.steady && state.warmup >= 9 && state.warmup <= 27 ? 1 : 0;
  }
  EXPECT_GE(removed, 90);
}

TEST(SteadyStateTest, RejectsTooFewValues) {
  EXPECT_EQ(FindSteadyState(std::vector<double>(19, 1.0)).status().code(),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(FindSteadyState({}).status().code(), absl::StatusCode::kFailedPrecondition);
}

}  // namespace
}  // namespace assay

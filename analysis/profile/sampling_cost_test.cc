#include "analysis/profile/sampling_cost.h"

#include <gtest/gtest.h>

#include <vector>

namespace assay {
namespace {

// Alternating sampled spans and pauses, with this many requests per second of CPU time. The server uses the share
// `busy` of the time.
std::vector<SampledSpan> Spans(int pairs, double sampled_rate, double resting_rate, double busy) {
  std::vector<SampledSpan> spans;
  for (int i = 0; i < pairs; ++i) {
    spans.push_back({true, 0.75, 0.75 * busy, 0.75 * busy * sampled_rate});
    spans.push_back({false, 0.25, 0.25 * busy, 0.25 * busy * resting_rate});
  }
  return spans;
}

TEST(SamplingCostTest, IsTheShareOfTheServersWork) {
  EXPECT_NEAR(*SamplingCost(Spans(10, 49'000, 50'000, 1)), 0.02, 1e-9);
  // If the server waits half of the time, the cost is the same, because the rate is per second of CPU time.
  EXPECT_NEAR(*SamplingCost(Spans(10, 49'000, 50'000, 0.5)), 0.02, 1e-9);
  EXPECT_NEAR(*SamplingCost(Spans(10, 50'000, 50'000, 1)), 0, 1e-9);
}

TEST(SamplingCostTest, DriftCancels) {
  std::vector<SampledSpan> spans = Spans(10, 49'000, 50'000, 1);
  for (size_t i = 0; i < spans.size(); ++i) spans[i].requests *= 1 + 0.01 * static_cast<double>(i);
  EXPECT_NEAR(*SamplingCost(spans), 0.02, 1e-3);
}

TEST(SamplingCostTest, DisturbanceOfOneSpanDoesNotMatter) {
  std::vector<SampledSpan> spans = Spans(10, 49'000, 50'000, 1);
  spans[6].requests /= 2;
  spans[11].requests /= 2;
  EXPECT_NEAR(*SamplingCost(spans), 0.02, 1e-9);
}

TEST(SamplingCostTest, UsesWallTimeWithoutCpuTime) {
  std::vector<SampledSpan> spans = Spans(10, 49'000, 50'000, 1);
  for (SampledSpan& span : spans) span.cpu_seconds = 0;
  EXPECT_NEAR(*SamplingCost(spans), 0.02, 1e-9);
}

TEST(SamplingCostTest, IgnoresShortAndEmptySpans) {
  EXPECT_FALSE(SamplingCost({}).has_value());
  // A pause with no span after it.
  EXPECT_FALSE(SamplingCost(Spans(1, 49'000, 50'000, 1)).has_value());
  std::vector<SampledSpan> spans = Spans(2, 49'000, 50'000, 1);
  spans[1].requests = 0;
  EXPECT_FALSE(SamplingCost(spans).has_value());
  spans = Spans(2, 49'000, 50'000, 1);
  spans[2].seconds = 0.04;
  EXPECT_FALSE(SamplingCost(spans).has_value());
}

}  // namespace
}  // namespace assay

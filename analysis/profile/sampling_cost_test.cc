#include "analysis/profile/sampling_cost.h"

#include <gtest/gtest.h>

#include <vector>

namespace assay {
namespace {

// Sampled and not in turn, at so many requests a second of CPU time, of which the server uses `busy`.
std::vector<SampledSpan> Spans(int pairs, double sampled_rate, double resting_rate, double busy) {
  std::vector<SampledSpan> spans;
  for (int i = 0; i < pairs; ++i) {
    spans.push_back({true, 0.75, 0.75 * busy, 0.75 * busy * sampled_rate});
    spans.push_back({false, 0.25, 0.25 * busy, 0.25 * busy * resting_rate});
  }
  return spans;
}

TEST(SamplingCostTest, IsTheShareOfTheWorkThatItTakes) {
  EXPECT_NEAR(*SamplingCost(Spans(10, 49'000, 50'000, 1)), 0.02, 1e-9);
  // Where the server waits half of its time, it answers as many: CPU time tells.
  EXPECT_NEAR(*SamplingCost(Spans(10, 49'000, 50'000, 0.5)), 0.02, 1e-9);
  EXPECT_NEAR(*SamplingCost(Spans(10, 50'000, 50'000, 1)), 0, 1e-9);
}

TEST(SamplingCostTest, ADriftCancels) {
  std::vector<SampledSpan> spans = Spans(10, 49'000, 50'000, 1);
  for (size_t i = 0; i < spans.size(); ++i) spans[i].requests *= 1 + 0.01 * static_cast<double>(i);
  EXPECT_NEAR(*SamplingCost(spans), 0.02, 1e-3);
}

TEST(SamplingCostTest, ADisturbanceOfOneSpanDoesNotTell) {
  std::vector<SampledSpan> spans = Spans(10, 49'000, 50'000, 1);
  spans[6].requests /= 2;
  spans[11].requests /= 2;
  EXPECT_NEAR(*SamplingCost(spans), 0.02, 1e-9);
}

TEST(SamplingCostTest, WithoutCpuTimeTheClockTells) {
  std::vector<SampledSpan> spans = Spans(10, 49'000, 50'000, 1);
  for (SampledSpan& span : spans) span.cpu_seconds = 0;
  EXPECT_NEAR(*SamplingCost(spans), 0.02, 1e-9);
}

TEST(SamplingCostTest, ShortOrSilentSpansTellNothing) {
  EXPECT_FALSE(SamplingCost({}).has_value());
  // A rest that nothing follows.
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

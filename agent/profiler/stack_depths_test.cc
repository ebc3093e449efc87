#include "agent/profiler/stack_depths.h"

#include "gtest/gtest.h"

namespace assay::profiler {
namespace {

constexpr int kMost = 32 << 10;

ProfileInfo Seen(uint32_t deepest, uint64_t truncated = 0, uint64_t samples = 1000) {
  ProfileInfo info;
  info.set_samples(samples);
  info.set_truncated(truncated);
  info.set_deepest_stack_bytes(deepest);
  return info;
}

TEST(StackDepthsTest, CopiesTheLargestStackOfAnUnknownProgram) {
  StackDepths depths;
  EXPECT_EQ(depths.BytesFor("a", kMost), kMost);
  depths.Learn("b", Seen(1000));
  EXPECT_EQ(depths.BytesFor("a", kMost), kMost);
  EXPECT_EQ(depths.BytesFor("", kMost), kMost);
}

TEST(StackDepthsTest, AddsAMarginToTheDeepestStack) {
  StackDepths depths;
  depths.Learn("a", Seen(2000));
  EXPECT_EQ(depths.BytesFor("a", kMost), 12 << 10);
  depths.Learn("a", Seen(9000));
  EXPECT_EQ(depths.BytesFor("a", kMost), 20 << 10);
  depths.Learn("a", Seen(2000));
  EXPECT_EQ(depths.BytesFor("a", kMost), 20 << 10);
  depths.Learn("a", Seen(30'000));
  EXPECT_EQ(depths.BytesFor("a", kMost), kMost);
}

TEST(StackDepthsTest, TruncatedStacksMakeTheProgramUnknown) {
  StackDepths depths;
  depths.Learn("a", Seen(2000));
  depths.Learn("a", Seen(12'000, /*truncated=*/1));
  EXPECT_EQ(depths.BytesFor("a", kMost), 20 << 10) << "one of a thousand";
  depths.Learn("a", Seen(12'000, /*truncated=*/3));
  EXPECT_EQ(depths.BytesFor("a", kMost), kMost);
}

TEST(StackDepthsTest, IgnoresAProfileWithFewSamples) {
  StackDepths depths;
  depths.Learn("a", Seen(2000, 0, 50));
  EXPECT_EQ(depths.BytesFor("a", kMost), kMost);
}

}  // namespace
}  // namespace assay::profiler

#include "agent/load_protocol/ring_plan.h"

#include "gtest/gtest.h"
#include "proto/agent.pb.h"

namespace assay::loadgen {
namespace {

constexpr size_t kMiB = size_t{1} << 20;

TEST(PlanRingTest, HoldsTheWholeWindowWhereItIsNotDrained) {
  Window window;
  window.set_requests(1'000'000);
  EXPECT_TRUE(PlanRing(window, 1, false).holds_window);
  EXPECT_GE(PlanRing(window, 1, false).bytes_per_thread, 5'000'000u);
  window.Clear();
  window.set_duration_ns(10'000'000'000);
  EXPECT_TRUE(PlanRing(window, 1, false).holds_window);
}

TEST(PlanRingTest, IsBoundedAndSaysWhenThatMayNotDo) {
  Window window;
  window.set_duration_ns(3'600'000'000'000);
  EXPECT_FALSE(PlanRing(window, 1, false).holds_window);
  EXPECT_EQ(PlanRing(window, 1, false).bytes_per_thread, 64 * kMiB);
  EXPECT_EQ(PlanRing(window, 4, false).bytes_per_thread, 16 * kMiB);
  EXPECT_FALSE(PlanRing(window, 1, true).holds_window);
}

// With many requests in flight a thread is faster, but not without end.
TEST(PlanRingTest, GrowsWithThePipelineUpToItsGain) {
  Window window;
  window.set_duration_ns(1'000'000'000);
  const size_t one = PlanRing(window, 1, false).bytes_per_thread;
  EXPECT_GT(PlanRing(window, 1, false, 2).bytes_per_thread, one);
  EXPECT_EQ(PlanRing(window, 1, false, 4).bytes_per_thread,
            PlanRing(window, 1, false, 100).bytes_per_thread);
  EXPECT_EQ(WatchedRingBytes(2), 2 * WatchedRingBytes(1));
  EXPECT_EQ(WatchedRingBytes(4), WatchedRingBytes(100));
}

}  // namespace
}  // namespace assay::loadgen

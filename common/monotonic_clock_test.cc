#include "common/monotonic_clock.h"

#include "gtest/gtest.h"

namespace assay {
namespace {

TEST(MonotonicClockTest, NeverGoesBack) {
  int64_t last = MonotonicNanos();
  EXPECT_GT(last, 0);
  for (int i = 0; i < 1000; ++i) {
    const int64_t now = MonotonicNanos();
    ASSERT_GE(now, last);
    last = now;
  }
}

TEST(MonotonicClockTest, SleepsNoLessThanAsked) {
  Clock& clock = Clock::Real();
  const int64_t until = clock.NowNanos() + 2'000'000;
  clock.SleepUntil(until);
  EXPECT_GE(clock.NowNanos(), until);
}

TEST(MonotonicClockTest, ATimeThatHasPassedIsNotWaitedFor) {
  Clock::Real().SleepUntil(0);
  Clock::Real().SleepUntil(-1);
  Clock::Real().SleepUntil(1);
}

TEST(ManualClockTest, MovesOnlyWhenToldAndNeverBack) {
  ManualClock clock(100);
  EXPECT_EQ(clock.NowNanos(), 100);
  clock.SleepUntil(150);
  EXPECT_EQ(clock.NowNanos(), 150);
  clock.SleepUntil(120);
  EXPECT_EQ(clock.NowNanos(), 150);
  clock.Advance(5);
  EXPECT_EQ(clock.NowNanos(), 155);
}

}  // namespace
}  // namespace assay

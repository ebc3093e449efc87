#include "common/monotonic_clock.h"

#include <cstdint>
#include <limits>
#include <thread>

#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
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

TEST(MonotonicClockTest, ReturnsAtOnceIfTheTimeHasPassed) {
  Clock& clock = Clock::Real();
  const int64_t begin_ns = clock.NowNanos();
  for (const int64_t passed_ns : {int64_t{-1}, int64_t{0}, int64_t{1}, begin_ns}) {
    clock.SleepUntil(passed_ns);
  }
  EXPECT_LT(absl::Nanoseconds(clock.NowNanos() - begin_ns), absl::Minutes(1));
}

TEST(MonotonicClockTest, ALengthBeyondTheClocksRangeIsInfinite) {
  EXPECT_EQ(Clock::Real().After(absl::InfiniteDuration()), std::numeric_limits<int64_t>::max());
}

TEST(MonotonicClockTest, AWaitEndsWithItsCondition) {
  absl::Mutex mutex;
  bool told = false;
  std::thread other([&] {
    absl::MutexLock lock(&mutex);
    told = true;
  });
  {
    absl::MutexLock lock(&mutex);
    EXPECT_TRUE(Clock::Real().AwaitFor(mutex, absl::Condition(&told), absl::InfiniteDuration()));
    EXPECT_TRUE(told);
  }
  other.join();
}

TEST(MonotonicClockTest, AWaitThatTimesOutReturnsItsCondition) {
  absl::Mutex mutex;
  absl::MutexLock lock(&mutex);
  bool told = false;
  EXPECT_FALSE(Clock::Real().AwaitUntil(mutex, absl::Condition(&told), 50));
  told = true;
  EXPECT_TRUE(Clock::Real().AwaitUntil(mutex, absl::Condition(&told), 50));
}

}  // namespace
}  // namespace assay

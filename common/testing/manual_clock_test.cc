#include "common/testing/manual_clock.h"

#include <thread>

#include "gtest/gtest.h"

namespace assay {
namespace {

TEST(ManualClockTest, MovesOnlyWhenAdvancedAndNeverBack) {
  ManualClock clock(100);
  EXPECT_EQ(clock.NowNanos(), 100);
  clock.SleepUntil(150);
  EXPECT_EQ(clock.NowNanos(), 150);
  clock.SleepUntil(120);
  EXPECT_EQ(clock.NowNanos(), 150);
  clock.Advance(5);
  EXPECT_EQ(clock.NowNanos(), 155);
  clock.Advance(absl::Microseconds(1));
  EXPECT_EQ(clock.NowNanos(), 1155);
  EXPECT_EQ(clock.After(absl::Nanoseconds(5)), 1160);
}

TEST(ManualClockTest, AWaitEndsWithItsCondition) {
  ManualClock clock;
  absl::Mutex mutex;
  bool told = false;
  std::thread other([&] {
    absl::MutexLock lock(&mutex);
    told = true;
  });
  {
    absl::MutexLock lock(&mutex);
    EXPECT_TRUE(clock.AwaitFor(mutex, absl::Condition(&told), absl::InfiniteDuration()));
    EXPECT_TRUE(told);
  }
  other.join();
}

TEST(ManualClockTest, AWaitThatTimesOutReturnsItsCondition) {
  ManualClock clock(100);
  absl::Mutex mutex;
  absl::MutexLock lock(&mutex);
  bool told = false;
  EXPECT_FALSE(clock.AwaitUntil(mutex, absl::Condition(&told), 50));
  told = true;
  EXPECT_TRUE(clock.AwaitUntil(mutex, absl::Condition(&told), 50));
}

TEST(ManualClockTest, AWaitEndsWhenItsTimeComes) {
  ManualClock clock(100);
  absl::Mutex mutex;
  const bool never = false;
  std::thread other([&] { clock.Advance(50); });
  {
    absl::MutexLock lock(&mutex);
    EXPECT_FALSE(clock.AwaitUntil(mutex, absl::Condition(&never), 150));
  }
  other.join();
  EXPECT_EQ(clock.NowNanos(), 150);
}

}  // namespace
}  // namespace assay

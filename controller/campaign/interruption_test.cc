#include "controller/campaign/interruption.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <thread>

#include "common/testing/manual_clock.h"

namespace assay::controller {
namespace {

TEST(InterruptionTest, KeepsTheFirstReason) {
  Interruption interruption;
  EXPECT_TRUE(interruption.status().ok());
  interruption.Request(absl::CancelledError("first"));
  interruption.Request(absl::AbortedError("second"));
  EXPECT_EQ(interruption.status(), absl::CancelledError("first"));
}

TEST(InterruptionTest, ARequestEndsASleep) {
  Interruption interruption;
  std::thread other([&] { interruption.Request(absl::CancelledError("now")); });
  EXPECT_FALSE(interruption.Sleep(absl::Minutes(10)));
  other.join();
}

TEST(InterruptionTest, WithoutARequestASleepTakesItsWholeLength) {
  ManualClock clock;
  Interruption interruption(clock);
  std::thread time([&] { clock.Advance(absl::Minutes(10)); });
  EXPECT_TRUE(interruption.Sleep(absl::Minutes(10)));
  time.join();
  EXPECT_EQ(clock.NowNanos(), absl::ToInt64Nanoseconds(absl::Minutes(10)));
}

TEST(InterruptionTest, CallsOnlyCallbacksWhoseGuardsExist) {
  Interruption interruption;
  int gone = 0;
  int there = 0;
  interruption.WhenRequested([&](const absl::Status&) { ++gone; }).reset();
  const auto guard = interruption.WhenRequested([&](const absl::Status&) { ++there; });
  interruption.Request(absl::CancelledError("now"));
  EXPECT_EQ(gone, 0);
  EXPECT_EQ(there, 1);
}

// A job that is opened after the user presses Ctrl-C must end too.
TEST(InterruptionTest, ACallbackAddedAfterTheRequestIsCalledAtOnce) {
  Interruption interruption;
  interruption.Request(absl::CancelledError("now"));
  int woken = 0;
  const auto guard = interruption.WhenRequested([&](const absl::Status&) { ++woken; });
  EXPECT_EQ(woken, 1);
}

TEST(SignalWatchTest, ASignalBecomesARequestThatNamesTheSignal) {
  Interruption interruption;
  const SignalWatch watch(interruption);
  kill(getpid(), SIGTERM);
  EXPECT_FALSE(interruption.Sleep(absl::Minutes(1)));
  EXPECT_EQ(interruption.status(), absl::AbortedError("interrupted by SIGTERM"));
}

}  // namespace
}  // namespace assay::controller

#include "server/net/timer_wheel.h"

#include <random>
#include <vector>

#include "gtest/gtest.h"

namespace assay::server {
namespace {

constexpr int64_t kSecond = 1'000'000'000;
constexpr int64_t kStart = 12345 * kSecond;

class Probe : public Timer {
 public:
  void OnDeadline(int64_t now_ns) override { fired_at.push_back(now_ns); }
  std::vector<int64_t> fired_at;
};

TEST(TimerWheelTest, FiresOnceAtMostATickLate) {
  TimerWheel wheel(kStart);
  Probe probe;
  wheel.Schedule(probe, kStart + kSecond);
  wheel.Advance(kStart + kSecond - 1);
  EXPECT_TRUE(probe.fired_at.empty());
  wheel.Advance(kStart + kSecond + TimerWheel::kTickNanos);
  wheel.Advance(kStart + 100 * kSecond);
  EXPECT_EQ(probe.fired_at.size(), 1u);
}

TEST(TimerWheelTest, KeepsDeadlinesBeyondARound) {
  TimerWheel wheel(kStart);
  Probe probe;
  wheel.Schedule(probe, kStart + 75 * kSecond);
  for (int64_t at = 0; at < 75; ++at) {
    wheel.Advance(kStart + at * kSecond);
    ASSERT_TRUE(probe.fired_at.empty()) << at;
  }
  wheel.Advance(kStart + 75 * kSecond + TimerWheel::kTickNanos);
  EXPECT_EQ(probe.fired_at.size(), 1u);
}

TEST(TimerWheelTest, FollowsADeadlineThatMoves) {
  TimerWheel wheel(kStart);
  Probe later;
  Probe sooner;
  wheel.Schedule(later, kStart + kSecond);
  wheel.Schedule(later, kStart + 3 * kSecond);
  wheel.Schedule(sooner, kStart + 3 * kSecond);
  wheel.Schedule(sooner, kStart + kSecond);
  wheel.Advance(kStart + 2 * kSecond);
  EXPECT_TRUE(later.fired_at.empty());
  EXPECT_EQ(sooner.fired_at.size(), 1u);
  wheel.Advance(kStart + 4 * kSecond);
  EXPECT_EQ(later.fired_at.size(), 1u);
}

TEST(TimerWheelTest, ACancelledTimerDoesNotFire) {
  TimerWheel wheel(kStart);
  Probe first;
  Probe second;
  wheel.Schedule(first, kStart + kSecond);
  wheel.Schedule(second, kStart + kSecond);
  wheel.Cancel(first);
  wheel.Cancel(first);
  wheel.Advance(kStart + 2 * kSecond);
  EXPECT_TRUE(first.fired_at.empty());
  EXPECT_EQ(second.fired_at.size(), 1u);
}

// One event may close several connections.
TEST(TimerWheelTest, ATimerMayCancelAndScheduleOthersWhileItFires) {
  TimerWheel wheel(kStart);
  Probe victim;
  struct Killer : Timer {
    Killer(TimerWheel& wheel, Timer& victim) : wheel(wheel), victim(victim) {}
    void OnDeadline(int64_t now_ns) override {
      wheel.Cancel(victim);
      wheel.Schedule(*this, now_ns + kSecond);
      ++fired;
    }
    TimerWheel& wheel;
    Timer& victim;
    int fired = 0;
  } killer(wheel, victim);
  wheel.Schedule(victim, kStart + kSecond);
  wheel.Schedule(killer, kStart + kSecond);  // Before the victim.
  wheel.Advance(kStart + kSecond + TimerWheel::kTickNanos);
  EXPECT_EQ(killer.fired, 1);
  EXPECT_TRUE(victim.fired_at.empty());
  wheel.Cancel(killer);
}

TEST(TimerWheelTest, SleepsForEverWithoutTimersAndNeverPastOne) {
  TimerWheel wheel(kStart);
  EXPECT_EQ(wheel.NanosUntilNext(kStart), -1);
  Probe probe;
  wheel.Schedule(probe, kStart + kSecond);
  int64_t now = kStart;
  for (int turns = 0; probe.fired_at.empty() && turns < 100; ++turns) {
    const int64_t wait = wheel.NanosUntilNext(now);
    ASSERT_GE(wait, 0);
    now += wait;
    wheel.Advance(now);
  }
  ASSERT_EQ(probe.fired_at.size(), 1u);
  EXPECT_LE(probe.fired_at[0], kStart + kSecond + TimerWheel::kTickNanos);
}

// Compares the wheel with a simple model.
TEST(TimerWheelTest, ManyRandomTimersFireInTime) {
  TimerWheel wheel(kStart);
  std::mt19937_64 random(1);
  std::vector<Probe> probes(500);
  std::vector<int64_t> deadlines(probes.size(), -1);
  int64_t now = kStart;
  for (int turn = 0; turn < 5000; ++turn) {
    const size_t i = random() % probes.size();
    if (random() % 4 == 0) {
      wheel.Cancel(probes[i]);
      deadlines[i] = -1;
    } else {
      deadlines[i] = now + static_cast<int64_t>(random() % (20 * kSecond));
      wheel.Schedule(probes[i], deadlines[i]);
    }
    now += static_cast<int64_t>(random() % (kSecond / 50));
    if (random() % 100 == 0) now += 5 * kSecond;
    wheel.Advance(now);
    for (size_t j = 0; j < probes.size(); ++j) {
      if (!probes[j].fired_at.empty()) {
        ASSERT_GE(now, deadlines[j]);
        ASSERT_NE(deadlines[j], -1);
        probes[j].fired_at.clear();
        deadlines[j] = -1;
      } else if (deadlines[j] >= 0) {
        ASSERT_LT(now, deadlines[j] + TimerWheel::kTickNanos);
      }
    }
  }
  for (Probe& probe : probes) wheel.Cancel(probe);
}

}  // namespace
}  // namespace assay::server

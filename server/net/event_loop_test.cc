#include "server/net/event_loop.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <utility>

#include "common/unique_fd.h"
#include "gtest/gtest.h"

namespace assay::server {
namespace {

constexpr int64_t kSecond = 1'000'000'000;
constexpr int64_t kStart = 1000 * kSecond;

int64_t test_time_ns = 0;
int64_t TestTime() { return test_time_ns; }

// Always readable, because nothing reads it.
class BusyTarget : public EventTarget {
 public:
  BusyTarget(EventLoop& loop, std::function<void()> on_event)
      : fd_(eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK)), on_event_(std::move(on_event)) {
    EXPECT_TRUE(loop.Watch(fd_.get(), EPOLLIN, *this));
  }
  void OnEvents(uint32_t) override {
    ++events;
    on_event_();
  }

  int events = 0;

 private:
  UniqueFd fd_;
  std::function<void()> on_event_;
};

class Probe : public Timer {
 public:
  void OnDeadline(int64_t) override { on_deadline(); }
  std::function<void()> on_deadline;
};

class EventLoopTest : public ::testing::Test {
 protected:
  void SetUp() override {
    test_time_ns = kStart;
    auto loop = EventLoop::Create(TestTime);
    ASSERT_TRUE(loop.ok()) << loop.status();
    loop_.emplace_back(*std::move(loop));
  }
  EventLoop& loop() { return loop_.front(); }
  void Turn() {
    loop().RunOnce(-1, [] {});
  }
  void Fill(int count, const std::function<void()>& on_event) {
    for (int i = 0; i < count; ++i) targets_.emplace_back(loop(), on_event);
  }

  std::deque<EventLoop> loop_;
  std::deque<BusyTarget> targets_;
};

// Otherwise a server with more busy connections than one turn delivers would never time out a client.
TEST_F(EventLoopTest, FiresTimersEvenIfEveryTurnIsFull) {
  Fill(300, [] {});
  bool fired = false;
  Probe probe;
  probe.on_deadline = [&fired] { fired = true; };
  loop().timers().Schedule(probe, kStart);
  test_time_ns += kSecond;
  for (int turn = 0; turn < 100 && !fired; ++turn) Turn();
  EXPECT_TRUE(fired);
  loop().timers().Cancel(probe);
}

// The timer may belong to a client whose bytes wait for a later turn.
TEST_F(EventLoopTest, DeliversEarlierEventsBeforeADeadline) {
  bool fired = false;
  Probe probe;
  probe.on_deadline = [&] {
    fired = true;
    for (const BusyTarget& target : targets_) EXPECT_GT(target.events, 0);
  };
  // Each handler takes a second.
  Fill(700, [] { test_time_ns += kSecond; });
  loop().timers().Schedule(probe, kStart + kSecond);
  for (int turn = 0; turn < 100 && !fired; ++turn) Turn();
  EXPECT_TRUE(fired);
}

// The time that earlier handlers took must not count against the client whose bytes are delivered last.
TEST_F(EventLoopTest, ASlowHandlerReadsTheClockForLaterTargets) {
  int64_t last = 0;
  Fill(3, [this, &last] {
    last = loop().now_ns();
    test_time_ns += 30 * kSecond;
    loop().ReadClock();
  });
  Turn();
  EXPECT_EQ(last, kStart + 60 * kSecond);
}

TEST_F(EventLoopTest, CallsTheListenerAfterEventsAndBeforeTimers) {
  struct Listener : TurnListener {
    void OnDelivered() override { on_delivered(); }
    std::function<void()> on_delivered;
  };
  std::string order;
  Listener listener;
  listener.on_delivered = [&order] { order += 'l'; };
  loop().set_turn_listener(&listener);
  Fill(2, [&order] { order += 'e'; });
  Probe probe;
  probe.on_deadline = [&order] { order += 't'; };
  test_time_ns += kSecond;
  loop().timers().Schedule(probe, kStart);
  Turn();
  EXPECT_EQ(order, "eelt");
  loop().set_turn_listener(nullptr);
}

// A timer that is due during a turn waits for the events that arrived meanwhile.
TEST_F(EventLoopTest, FiresATimerDueDuringATurnAfterTheNextTurn) {
  int turns = 0;
  int fired_in = 0;
  Probe probe;
  probe.on_deadline = [&] { fired_in = turns; };
  Fill(2, [] { test_time_ns += kSecond; });
  loop().timers().Schedule(probe, kStart + kSecond / 2);
  for (; turns < 3; ++turns) Turn();
  EXPECT_EQ(fired_in, 1);
}

}  // namespace
}  // namespace assay::server

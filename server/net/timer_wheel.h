#ifndef ASSAY_SERVER_NET_TIMER_WHEEL_H_
#define ASSAY_SERVER_NET_TIMER_WHEEL_H_

#include <array>
#include <cstdint>

namespace assay::server {

class TimerWheel;

// An object with a deadline. Cancel it, or let it fire, before destroying it.
class Timer {
 public:
  // The deadline has passed; the timer is no longer scheduled. May schedule or cancel any timer, and destroy this one.
  virtual void OnDeadline(int64_t now_ns) = 0;

 protected:
  Timer() = default;
  ~Timer() = default;

 private:
  friend class TimerWheel;

  Timer* next_ = nullptr;
  Timer* previous_ = nullptr;
  int64_t deadline_ns_ = 0;
  int8_t slot_ = -1;  // -1: not scheduled.
};

// The deadlines of many connections, most of which move before they pass.
//
// A timer fires at its deadline or up to kTickNanos later. Moving a deadline to a later time only records it: the wheel
// checks the timer when its old slot is due, and moves it to the new one. Scheduling, moving and cancelling are O(1).
// Advance() costs O(timers whose slot is due). The caller passes the time. Threads: none.
class TimerWheel {
 public:
  static constexpr int64_t kTickNanos = 1 << 25;  // 34 ms; a round is 2.1 s.

  explicit TimerWheel(int64_t now_ns);

  void Schedule(Timer& timer, int64_t deadline_ns);
  void Cancel(Timer& timer);

  // Fires the timers that are due.
  void Advance(int64_t now_ns);

  // How long the caller may sleep without firing a timer late, in nanoseconds; -1: for ever. Never more than one round.
  int64_t NanosUntilNext(int64_t now_ns) const;

 private:
  static constexpr int kSlots = 64;

  void Link(Timer& timer);
  void Unlink(Timer& timer);

  std::array<Timer*, kSlots> slots_ = {};
  uint64_t occupied_ = 0;  // Bit i: slots_[i] is not empty.
  int64_t tick_;           // Ticks before this one have been fired.
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_NET_TIMER_WHEEL_H_

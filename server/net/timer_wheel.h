#ifndef ASSAY_SERVER_NET_TIMER_WHEEL_H_
#define ASSAY_SERVER_NET_TIMER_WHEEL_H_

#include <array>
#include <cstdint>

namespace assay::server {

class TimerWheel;

// Something that has a deadline. It must be cancelled, or have fired, before it is destroyed.
class Timer {
 public:
  // The deadline has passed; the timer is no longer scheduled. May schedule or cancel any timer,
  // and destroy this one.
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

// Deadlines of many connections, most of which move on before they pass.
//
// A timer fires no earlier than its deadline and up to kTickNanos later. Moving a deadline to later
// only writes it down: the timer is looked at when its old place comes round, and put further on.
// Scheduling, moving and cancelling are O(1); Advance() costs O(timers whose place came round). Time
// is told, not asked. Threads: none.
class TimerWheel {
 public:
  static constexpr int64_t kTickNanos = 1 << 25;  // 34 ms; a round is 2.1 s.

  explicit TimerWheel(int64_t now_ns);

  void Schedule(Timer& timer, int64_t deadline_ns);
  void Cancel(Timer& timer);

  // Fires what is due.
  void Advance(int64_t now_ns);

  // How long one may sleep without firing a timer late: nanoseconds, -1 for ever. Never more than a
  // round.
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

#ifndef ASSAY_SERVER_NET_EVENT_LOOP_H_
#define ASSAY_SERVER_NET_EVENT_LOOP_H_

#include <cstdint>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/unique_fd.h"
#include "server/net/timer_wheel.h"

namespace assay::server {

// Something with a descriptor that becomes ready.
class EventTarget {
 public:
  // `events` as epoll reports them. Must not destroy any target but this one.
  virtual void OnEvents(uint32_t events) = 0;

 protected:
  ~EventTarget() = default;
};

// What is cheaper done for several events at once.
class TurnListener {
 public:
  // All events of a turn have been delivered; timers fire next. May destroy targets.
  virtual void OnDelivered() = 0;

 protected:
  ~TurnListener() = default;
};

// epoll, level-triggered unless `events` has EPOLLET, and the timers that go with it. Threads: belongs to one.
class EventLoop {
 public:
  // CLOCK_MONOTONIC in nanoseconds; a test tells another time.
  using Clock = int64_t (*)();

  static absl::StatusOr<EventLoop> Create();
  static absl::StatusOr<EventLoop> Create(Clock clock);

  // A target is watched until its descriptor is closed or Unwatch() is called. False: the system
  // has no room for it.
  bool Watch(int fd, uint32_t events, EventTarget& target);
  void ChangeWatch(int fd, uint32_t events, EventTarget& target);
  void Unwatch(int fd);

  // At most one; null: none. It must outlive the loop, or take itself back.
  void set_turn_listener(TurnListener* listener) { turn_listener_ = listener; }

  // Waits for events, at most until `wait_until_ns` (-1: no limit) or the next timer; calls
  // `on_wake`, delivers them, then fires timers. A timer is not fired while events that came before it wait for
  // delivery: a slow handler does not make its neighbours' clients look slow. Where more are ready than one turn
  // delivers, that takes a round of turns, in which each target gets its own; then what was due when it began is fired.
  void RunOnce(int64_t wait_until_ns, absl::FunctionRef<void()> on_wake);

  // CLOCK_MONOTONIC when the turn began or the clock was read since, to within a tick of the kernel's (1 to 10 ms):
  // deadlines need no more, and it costs a tenth of an exact reading.
  int64_t now_ns() const { return now_ns_; }
  // For who has worked long enough that the time would count against the next one's client.
  void ReadClock() { now_ns_ = clock_(); }
  Clock clock() const { return clock_; }
  TimerWheel& timers() { return timers_; }

 private:
  EventLoop(UniqueFd epoll, Clock clock);

  // Whether all events that came before round_begin_ns_ have been delivered.
  bool RoundIsOver(bool turn_was_full);

  UniqueFd epoll_;
  Clock clock_;
  TurnListener* turn_listener_ = nullptr;
  int64_t now_ns_;
  int max_fd_ = 0;          // The largest descriptor ever watched: no more than that are ready.
  int turns_ = 0;           // Full ones of the current round.
  int64_t round_begin_ns_;  // When the first of them asked for events.
  TimerWheel timers_;
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_NET_EVENT_LOOP_H_

#ifndef ASSAY_SERVER_NET_EVENT_LOOP_H_
#define ASSAY_SERVER_NET_EVENT_LOOP_H_

#include <cstdint>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/unique_fd.h"
#include "server/net/timer_wheel.h"

namespace assay::server {

// The owner of a descriptor that the loop watches.
class EventTarget {
 public:
  // `events` as epoll reports them. Must not destroy any target other than this one.
  virtual void OnEvents(uint32_t events) = 0;

 protected:
  ~EventTarget() = default;
};

// Does work that is cheaper for several events at once.
class TurnListener {
 public:
  // Called when all events of a turn have been delivered, before timers fire. May destroy targets.
  virtual void OnDelivered() = 0;

 protected:
  ~TurnListener() = default;
};

// An epoll instance and its timers. Level-triggered unless `events` has EPOLLET. Threads: belongs to one.
class EventLoop {
 public:
  // CLOCK_MONOTONIC in nanoseconds; tests pass another clock.
  using Clock = int64_t (*)();

  static absl::StatusOr<EventLoop> Create();
  static absl::StatusOr<EventLoop> Create(Clock clock);

  // Watches `fd` until it is closed or Unwatch() is called. Returns false if the system has no room for it.
  bool Watch(int fd, uint32_t events, EventTarget& target);
  void ChangeWatch(int fd, uint32_t events, EventTarget& target);
  void Unwatch(int fd);

  // At most one listener; null removes it. It must outlive the loop or remove itself.
  void set_turn_listener(TurnListener* listener) { turn_listener_ = listener; }

  // Waits for events, at most until `wait_until_ns` (-1: no limit) or the next timer. Then calls `on_wake`, delivers
  // the events and fires timers.
  //
  // A timer never fires before an event that arrived earlier is delivered, so a slow handler does not make other
  // clients look slow. If more descriptors are ready than one turn delivers, a round of several turns gives each target
  // its event; then the timers fire that were due when the round began.
  void RunOnce(int64_t wait_until_ns, absl::FunctionRef<void()> on_wake);

  // CLOCK_MONOTONIC at the start of the turn or at the last ReadClock(), accurate to one kernel tick (1 to 10 ms).
  // Deadlines need no more, and this clock costs a tenth of an exact reading.
  int64_t now_ns() const { return now_ns_; }
  // For a target that has worked so long that the time would count against the next client.
  void ReadClock() { now_ns_ = clock_(); }
  Clock clock() const { return clock_; }
  TimerWheel& timers() { return timers_; }

 private:
  EventLoop(UniqueFd epoll, Clock clock);

  // Whether all events from before round_begin_ns_ have been delivered.
  bool RoundIsOver(bool turn_was_full);

  UniqueFd epoll_;
  Clock clock_;
  TurnListener* turn_listener_ = nullptr;
  int64_t now_ns_;
  int max_fd_ = 0;  // The largest descriptor ever watched, which bounds the number of ready ones.
  int turns_ = 0;   // Full turns of the current round.
  int64_t round_begin_ns_;  // When the first turn of the round asked for events.
  TimerWheel timers_;
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_NET_EVENT_LOOP_H_

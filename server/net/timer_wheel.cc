#include "server/net/timer_wheel.h"

#include <algorithm>
#include <bit>

namespace assay::server {

TimerWheel::TimerWheel(int64_t now_ns) : tick_(now_ns / kTickNanos) {}

void TimerWheel::Schedule(Timer& timer, int64_t deadline_ns) {
  const bool later = timer.slot_ >= 0 && deadline_ns >= timer.deadline_ns_;
  timer.deadline_ns_ = deadline_ns;
  if (later) return;
  if (timer.slot_ >= 0) Unlink(timer);
  Link(timer);
}

void TimerWheel::Cancel(Timer& timer) {
  if (timer.slot_ >= 0) Unlink(timer);
}

void TimerWheel::Link(Timer& timer) {
  // The first tick that begins at or after the deadline, but within this round.
  const int64_t due = timer.deadline_ns_ / kTickNanos + 1;
  const int64_t tick = std::clamp(due, tick_ + 1, tick_ + kSlots - 1);
  const int slot = static_cast<int>(tick % kSlots);
  timer.slot_ = static_cast<int8_t>(slot);
  timer.previous_ = nullptr;
  timer.next_ = slots_[slot];
  if (timer.next_ != nullptr) timer.next_->previous_ = &timer;
  slots_[slot] = &timer;
  occupied_ |= uint64_t{1} << slot;
}

void TimerWheel::Unlink(Timer& timer) {
  Timer*& first = slots_[timer.slot_];
  if (timer.next_ != nullptr) timer.next_->previous_ = timer.previous_;
  (timer.previous_ != nullptr ? timer.previous_->next_ : first) = timer.next_;
  if (first == nullptr) occupied_ &= ~(uint64_t{1} << timer.slot_);
  timer.slot_ = -1;
}

void TimerWheel::Advance(int64_t now_ns) {
  const int64_t now_tick = now_ns / kTickNanos;
  // After a long sleep every slot is due once.
  tick_ = std::max(tick_, now_tick - kSlots);
  while (tick_ < now_tick) {
    ++tick_;
    const int slot = static_cast<int>(tick_ % kSlots);
    // Link() never puts a timer into the slot of the current tick, so this ends.
    while (Timer* timer = slots_[slot]) {
      Unlink(*timer);
      if (timer->deadline_ns_ <= now_ns) {
        timer->OnDeadline(now_ns);
      } else {
        Link(*timer);
      }
    }
  }
}

int64_t TimerWheel::NanosUntilNext(int64_t now_ns) const {
  if (occupied_ == 0) return -1;
  const int next = static_cast<int>((tick_ + 1) % kSlots);
  const int64_t ticks = 1 + std::countr_zero(std::rotr(occupied_, next));
  return std::max<int64_t>(0, (tick_ + ticks) * kTickNanos - now_ns);
}

}  // namespace assay::server

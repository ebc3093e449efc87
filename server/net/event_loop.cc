#include "server/net/event_loop.h"

#include <sys/epoll.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <string>
#include <utility>

namespace assay::server {
namespace {

constexpr int kEventsAtOnce = 256;

int64_t CoarseNanos() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

}  // namespace

EventLoop::EventLoop(UniqueFd epoll, Clock clock)
    : epoll_(std::move(epoll)),
      clock_(clock),
      now_ns_(clock()),
      round_begin_ns_(now_ns_),
      timers_(now_ns_) {}

absl::StatusOr<EventLoop> EventLoop::Create() { return Create(CoarseNanos); }

absl::StatusOr<EventLoop> EventLoop::Create(Clock clock) {
  UniqueFd epoll(epoll_create1(EPOLL_CLOEXEC));
  if (!epoll.ok()) {
    return absl::InternalError(std::string("cannot create an epoll: ") + std::strerror(errno));
  }
  return EventLoop(std::move(epoll), clock);
}

bool EventLoop::Watch(int fd, uint32_t events, EventTarget& target) {
  max_fd_ = std::max(max_fd_, fd);
  epoll_event event = {.events = events, .data = {.ptr = &target}};
  return epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) == 0;
}

void EventLoop::ChangeWatch(int fd, uint32_t events, EventTarget& target) {
  epoll_event event = {.events = events, .data = {.ptr = &target}};
  epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd, &event);
}

void EventLoop::Unwatch(int fd) { epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr); }

void EventLoop::RunOnce(int64_t wait_until_ns, absl::FunctionRef<void()> on_wake) {
  int64_t wait_ns = timers_.NanosUntilNext(now_ns_);
  if (wait_until_ns >= 0) {
    const int64_t left = std::max<int64_t>(0, wait_until_ns - now_ns_);
    wait_ns = wait_ns < 0 ? left : std::min(wait_ns, left);
  }
  // Rounded up, so that the timer is due on waking.
  const int wait_ms = wait_ns < 0 ? -1 : static_cast<int>((wait_ns + 999'999) / 1'000'000);
  epoll_event events[kEventsAtOnce];
  const int ready = epoll_wait(epoll_.get(), events, kEventsAtOnce, wait_ms);
  ReadClock();
  if (turns_ == 0 || ready < kEventsAtOnce) round_begin_ns_ = now_ns_;
  on_wake();
  for (int i = 0; i < ready; ++i) {
    // Overlap the memory access for the next target with the kernel's work on this one.
    if (i + 1 < ready) __builtin_prefetch(events[i + 1].data.ptr, 1);
    static_cast<EventTarget*>(events[i].data.ptr)->OnEvents(events[i].events);
  }
  if (turn_listener_ != nullptr) turn_listener_->OnDelivered();
  if (RoundIsOver(ready == kEventsAtOnce)) timers_.Advance(round_begin_ns_);
}

bool EventLoop::RoundIsOver(bool turn_was_full) {
  // The kernel moves a reported target to the end of its list if the target is still ready. After this many full turns
  // it has reported every target that was ready when the first turn began.
  if (turn_was_full && ++turns_ < max_fd_ / kEventsAtOnce + 1) return false;
  turns_ = 0;
  return true;
}

}  // namespace assay::server

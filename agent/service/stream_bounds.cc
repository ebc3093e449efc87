#include "agent/service/stream_bounds.h"

#include <utility>

namespace assay::agent {

// Shared with the timer, which may be running when the stream ends.
struct StreamBounds::Ticket::Watch : std::enable_shared_from_this<Watch> {
  explicit Watch(Strand& own_strand) : strand(own_strand) {}

  void Arm() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    timer = strand.PostAt(deadline_ns, [self = shared_from_this()] { self->OnTimer(); });
  }

  void OnTimer() ABSL_LOCKS_EXCLUDED(mutex) {
    absl::MutexLock lock(&mutex);
    timer = 0;
    if (end == nullptr) return;
    if (strand.NowNanos() < deadline_ns) return Arm();
    std::exchange(end, nullptr)();
  }

  Strand& strand;
  absl::Mutex mutex;
  int64_t deadline_ns ABSL_GUARDED_BY(mutex) = 0;
  Strand::TimerId timer ABSL_GUARDED_BY(mutex) = 0;
  std::function<void()> end ABSL_GUARDED_BY(mutex);
};

StreamBounds::Ticket::Ticket(StreamBounds& bounds, std::function<void()> end)
    : bounds_(bounds),
      too_many_(bounds.open_.fetch_add(1) >= bounds.limits_.most),
      watch_(std::make_shared<Watch>(bounds.strand_)) {
  absl::MutexLock lock(&watch_->mutex);
  watch_->deadline_ns = watch_->strand.NowNanos() + bounds.limits_.silence_ns;
  watch_->end = std::move(end);
  watch_->Arm();
}

StreamBounds::Ticket::~Ticket() {
  Stop();
  bounds_.open_.fetch_sub(1);
}

void StreamBounds::Ticket::Extend(int64_t by_ns) {
  absl::MutexLock lock(&watch_->mutex);
  watch_->deadline_ns = watch_->strand.NowNanos() + by_ns + bounds_.limits_.silence_ns;
}

void StreamBounds::Ticket::Stop() {
  Strand::TimerId timer = 0;
  {
    absl::MutexLock lock(&watch_->mutex);
    watch_->end = nullptr;
    timer = std::exchange(watch_->timer, 0);
  }
  if (timer != 0) watch_->strand.Cancel(timer);
}

}  // namespace assay::agent

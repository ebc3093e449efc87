#include "agent/jobs/event_log.h"

#include <utility>

namespace assay::agent {

void EventLog::Append(ControlEvent event) {
  {
    absl::MutexLock lock(&mutex_);
    if (ended_) return;
    event.set_sequence(events_.size() + 1);
    events_.push_back(std::move(event));
  }
  slot_.Ring();
}

std::optional<ControlEvent> EventLog::Next(uint64_t after) const {
  absl::MutexLock lock(&mutex_);
  if (after >= events_.size()) return std::nullopt;
  return events_[after];
}

void EventLog::End() {
  {
    absl::MutexLock lock(&mutex_);
    ended_ = true;
  }
  slot_.Ring();
}

bool EventLog::ended() const {
  absl::MutexLock lock(&mutex_);
  return ended_;
}

}  // namespace assay::agent

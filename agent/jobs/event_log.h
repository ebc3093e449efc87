#ifndef ASSAY_AGENT_JOBS_EVENT_LOG_H_
#define ASSAY_AGENT_JOBS_EVENT_LOG_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "agent/jobs/stream_slot.h"
#include "proto/agent.pb.h"

namespace assay::agent {

// What happened to a job, in order and for as long as the job is there: a stream that attaches reads from any
// number on. A job has a handful of events, so they are all kept.
//
// Threads: any.
class EventLog {
 public:
  // Gives the event its number and tells whoever is attached.
  void Append(ControlEvent event);
  // The first event after number `after`, if it has happened.
  std::optional<ControlEvent> Next(uint64_t after) const;

  // Nothing will be appended any more: the job was closed or forgotten.
  void End();
  bool ended() const;

  StreamSlot& slot() { return slot_; }

 private:
  StreamSlot slot_;
  mutable absl::Mutex mutex_;
  std::vector<ControlEvent> events_ ABSL_GUARDED_BY(mutex_);
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace assay::agent

#endif  // ASSAY_AGENT_JOBS_EVENT_LOG_H_

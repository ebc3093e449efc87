#ifndef ASSAY_AGENT_JOBS_STREAM_SLOT_H_
#define ASSAY_AGENT_JOBS_STREAM_SLOT_H_

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace assay::agent {

// The one place where a stream attaches to what it reads: a job has one for events and one for data. Whoever takes
// it later has it; a stream that broke unnoticed so never stands in the way of its successor.
//
// Threads: any.
class StreamSlot {
 public:
  // Called by the thread that rings or takes the slot; they must be quick, and must not call the slot.
  class Occupant {
   public:
    // There is something new to read.
    virtual void OnChange() = 0;
    // Another has taken the slot; no more calls follow.
    virtual void OnReplaced() = 0;

   protected:
    ~Occupant() = default;
  };

  void Take(Occupant* occupant) {
    absl::MutexLock lock(&mutex_);
    if (occupant_ != nullptr && occupant_ != occupant) occupant_->OnReplaced();
    occupant_ = occupant;
  }

  // When this returns, no call of the occupant is under way and none will be made. Harmless where another has it.
  void Leave(Occupant* occupant) {
    absl::MutexLock lock(&mutex_);
    if (occupant_ == occupant) occupant_ = nullptr;
  }

  void Ring() {
    absl::MutexLock lock(&mutex_);
    if (occupant_ != nullptr) occupant_->OnChange();
  }

 private:
  absl::Mutex mutex_;
  Occupant* occupant_ ABSL_GUARDED_BY(mutex_) = nullptr;
};

}  // namespace assay::agent

#endif  // ASSAY_AGENT_JOBS_STREAM_SLOT_H_

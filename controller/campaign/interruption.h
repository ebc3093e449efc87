#ifndef ASSAY_CONTROLLER_CAMPAIGN_INTERRUPTION_H_
#define ASSAY_CONTROLLER_CAMPAIGN_INTERRUPTION_H_

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>

#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/monotonic_clock.h"

namespace assay::controller {

// A wish to end early, known to whoever may have to stop waiting: by SIGINT or SIGTERM, or by
// `cancel`.
//
// Threads: safe. Sleepers wake by `clock`, which must outlive it. Callbacks run on the thread that requests, once.
class Interruption {
 public:
  explicit Interruption(Clock& clock = Clock::Real()) : clock_(clock) {}

  // Ends what runs, with this reason: kCancelled by `cancel`, kAborted by a signal. The first
  // request counts.
  void Request(absl::Status why) ABSL_LOCKS_EXCLUDED(mutex_);

  // OK until requested.
  absl::Status status() const ABSL_LOCKS_EXCLUDED(mutex_);

  // Sleeps; ends early when requested. True when it slept its whole length.
  bool Sleep(absl::Duration length) ABSL_LOCKS_EXCLUDED(mutex_);

  // Calls `wake` when requested, or at once if that was before, for as long as the returned guard
  // lives. Releasing the guard waits for a call that runs.
  class Guard;
  std::unique_ptr<Guard> WhenRequested(std::function<void(const absl::Status&)> wake);

 private:
  Clock& clock_;
  mutable absl::Mutex mutex_;
  absl::Status why_ ABSL_GUARDED_BY(mutex_);
  std::map<int, std::function<void(const absl::Status&)>> wakes_ ABSL_GUARDED_BY(mutex_);
  int next_ ABSL_GUARDED_BY(mutex_) = 0;
};

class Interruption::Guard {
 public:
  Guard(Interruption& interruption, int key) : interruption_(interruption), key_(key) {}
  ~Guard();
  Guard(const Guard&) = delete;
  Guard& operator=(const Guard&) = delete;

 private:
  Interruption& interruption_;
  const int key_;
};

// Turns SIGINT and SIGTERM into a request, for as long as it lives. The second signal ends the
// process at once with status 1: whatever it started ends with it.
//
// Create it in main() before any other thread: it blocks the signals for all of them.
class SignalWatch {
 public:
  explicit SignalWatch(Interruption& interruption);
  ~SignalWatch();
  SignalWatch(const SignalWatch&) = delete;
  SignalWatch& operator=(const SignalWatch&) = delete;

 private:
  void Run();

  Interruption& interruption_;
  int stop_fd_ = -1;
  std::thread thread_;
};

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_CAMPAIGN_INTERRUPTION_H_

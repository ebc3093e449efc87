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

// A request to end early, by SIGINT, SIGTERM or `cancel`. It wakes everything that waits.
//
// Threads: thread-safe. Sleep() uses `clock`, which must outlive this object. Each callback runs once, on the thread
// that makes the request.
class Interruption {
 public:
  explicit Interruption(Clock& clock = Clock::Real()) : clock_(clock) {}

  // Requests the end with the reason `why`: kCancelled for `cancel`, kAborted for a signal. Later
  // requests have no effect.
  void Request(absl::Status why) ABSL_LOCKS_EXCLUDED(mutex_);

  // OK until the first request, then its reason.
  absl::Status status() const ABSL_LOCKS_EXCLUDED(mutex_);

  // Sleeps for `length`, or until a request. Returns true if it slept for the whole length.
  bool Sleep(absl::Duration length) ABSL_LOCKS_EXCLUDED(mutex_);

  // Calls `wake` on the first request, or at once if there was one already. Destroying the returned
  // guard removes the callback, and waits for a call that runs.
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

// Turns SIGINT and SIGTERM into a request while it lives. The second signal ends the process at once
// with status 1; everything that the process started ends with it.
//
// Create it in main() before any other thread, so that all threads inherit the blocked signals.
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

#ifndef ASSAY_COMMON_MONOTONIC_CLOCK_H_
#define ASSAY_COMMON_MONOTONIC_CLOCK_H_

#include <cstdint>

#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace assay {

// CLOCK_MONOTONIC in nanoseconds: comparable between the processes of one host, meaningless between hosts. Cost: about
// 30 ns; no system call if the vDSO provides it.
int64_t MonotonicNanos();

// A clock for code that waits, so that its tests need not wait. Production code uses Real(); tests use a ManualClock
// (common/testing).
//
// Threads: any.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual int64_t NowNanos() const = 0;
  // Returns at or after that time; at once if it has passed.
  virtual void SleepUntil(int64_t monotonic_ns) = 0;
  // Waits until `condition` is true or that time has come. Returns whether the condition is true. `mutex` guards the
  // condition, and the caller holds it, as for absl::Mutex::Await().
  virtual bool AwaitUntil(absl::Mutex& mutex, const absl::Condition& condition,
                          int64_t monotonic_ns) = 0;

  // The time `length` from now; infinite future if that exceeds the clock's range.
  int64_t After(absl::Duration length) const;
  void SleepFor(absl::Duration length) { SleepUntil(After(length)); }
  bool AwaitFor(absl::Mutex& mutex, const absl::Condition& condition, absl::Duration length) {
    return AwaitUntil(mutex, condition, After(length));
  }

  // The clock over CLOCK_MONOTONIC. It is never destroyed.
  static Clock& Real();
};

}  // namespace assay

#endif  // ASSAY_COMMON_MONOTONIC_CLOCK_H_

#ifndef ASSAY_COMMON_MONOTONIC_CLOCK_H_
#define ASSAY_COMMON_MONOTONIC_CLOCK_H_

#include <cstdint>

#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace assay {

// CLOCK_MONOTONIC in nanoseconds: comparable between the processes of one host, meaningless between
// hosts. Cost: about 30 ns, no system call where the vDSO serves it.
int64_t MonotonicNanos();

// Time for code that waits, so that its tests need not. Production code takes Real(); tests pass a ManualClock
// (common/testing).
//
// Threads: any.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual int64_t NowNanos() const = 0;
  // Returns no earlier than that time; at once when it has passed.
  virtual void SleepUntil(int64_t monotonic_ns) = 0;
  // Waits until `condition` is true or that time has come. Returns whether the condition is true. `mutex` guards the
  // condition: the caller holds it, as for absl::Mutex::Await().
  virtual bool AwaitUntil(absl::Mutex& mutex, const absl::Condition& condition,
                          int64_t monotonic_ns) = 0;

  // The time that is `length` from now; never, where that is beyond the clock's end.
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

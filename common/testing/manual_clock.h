#ifndef ASSAY_COMMON_TESTING_MANUAL_CLOCK_H_
#define ASSAY_COMMON_TESTING_MANUAL_CLOCK_H_

#include <atomic>
#include <cstdint>

#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/monotonic_clock.h"

namespace assay {

// A clock that moves only when a test advances it.
class ManualClock : public Clock {
 public:
  explicit ManualClock(int64_t now_ns = 0) : now_ns_(now_ns) {}

  int64_t NowNanos() const override { return now_ns_.load(); }
  // Advances the time to the given one, without waiting.
  void SleepUntil(int64_t monotonic_ns) override;
  // Waits until another thread has advanced the time.
  bool AwaitUntil(absl::Mutex& mutex, const absl::Condition& condition,
                  int64_t monotonic_ns) override;
  void Advance(int64_t by_ns) { now_ns_ += by_ns; }
  void Advance(absl::Duration by) { Advance(absl::ToInt64Nanoseconds(by)); }

 private:
  std::atomic<int64_t> now_ns_;
};

}  // namespace assay

#endif  // ASSAY_COMMON_TESTING_MANUAL_CLOCK_H_

#include "common/monotonic_clock.h"

#include <errno.h>
#include <time.h>

#include <algorithm>
#include <limits>

namespace assay {
namespace {

constexpr int64_t kNanosPerSecond = 1'000'000'000;

class RealClock : public Clock {
 public:
  int64_t NowNanos() const override { return MonotonicNanos(); }

  void SleepUntil(int64_t monotonic_ns) override {
    if (monotonic_ns <= 0) return;
    const timespec until = {.tv_sec = static_cast<time_t>(monotonic_ns / kNanosPerSecond),
                            .tv_nsec = static_cast<long>(monotonic_ns % kNanosPerSecond)};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, nullptr) == EINTR) {
    }
  }

  bool AwaitUntil(absl::Mutex& mutex, const absl::Condition& condition,
                  int64_t monotonic_ns) override {
    const int64_t left_ns = std::max<int64_t>(monotonic_ns - NowNanos(), 0);
    return mutex.AwaitWithTimeout(condition, absl::Nanoseconds(left_ns));
  }
};

}  // namespace

int64_t MonotonicNanos() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t{now.tv_sec} * kNanosPerSecond + now.tv_nsec;
}

int64_t Clock::After(absl::Duration length) const {
  const int64_t now_ns = NowNanos();
  const int64_t longest_ns = std::numeric_limits<int64_t>::max() - now_ns;
  return now_ns + std::min(absl::ToInt64Nanoseconds(length), longest_ns);
}

Clock& Clock::Real() {
  static RealClock clock;
  return clock;
}

}  // namespace assay

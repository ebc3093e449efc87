#include "common/monotonic_clock.h"

#include <errno.h>
#include <time.h>

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
};

}  // namespace

int64_t MonotonicNanos() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t{now.tv_sec} * kNanosPerSecond + now.tv_nsec;
}

Clock& Clock::Real() {
  static RealClock clock;
  return clock;
}

}  // namespace assay

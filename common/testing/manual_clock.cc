#include "common/testing/manual_clock.h"

namespace assay {
namespace {

// How often a wait checks whether its time has come.
constexpr absl::Duration kStep = absl::Milliseconds(1);

}  // namespace

void ManualClock::SleepUntil(int64_t monotonic_ns) {
  int64_t now_ns = now_ns_.load();
  while (now_ns < monotonic_ns && !now_ns_.compare_exchange_weak(now_ns, monotonic_ns)) {
  }
}

bool ManualClock::AwaitUntil(absl::Mutex& mutex, const absl::Condition& condition,
                             int64_t monotonic_ns) {
  while (NowNanos() < monotonic_ns) {
    if (mutex.AwaitWithTimeout(condition, kStep)) return true;
  }
  return mutex.AwaitWithTimeout(condition, absl::ZeroDuration());
}

}  // namespace assay

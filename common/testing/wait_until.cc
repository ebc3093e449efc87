#include "common/testing/wait_until.h"

#include <cstdint>

#include "common/monotonic_clock.h"

namespace assay {

bool WaitUntil(absl::FunctionRef<bool()> condition, absl::Duration limit) {
  Clock& clock = Clock::Real();
  const int64_t deadline_ns = clock.After(limit);
  while (!condition()) {
    if (clock.NowNanos() >= deadline_ns) return false;
    clock.SleepFor(absl::Milliseconds(5));
  }
  return true;
}

}  // namespace assay

#ifndef ASSAY_AGENT_PROFILER_BURN_CLOCK_H_
#define ASSAY_AGENT_PROFILER_BURN_CLOCK_H_

#include <time.h>

#include <cstdint>

namespace assay::profiler {

// CPU time of the calling thread: however busy the machine is, a share of it stays a share.
inline int64_t BurnClockNanos() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

// Burns until then, most of it outside of the clock. In the caller's own frame, so that the caller is the leaf.
__attribute__((always_inline)) inline void BurnUntil(int64_t until_ns) {
  volatile uint64_t sink = 0;
  while (BurnClockNanos() < until_ns) {
    for (uint64_t i = 0; i < 20'000; ++i) sink = sink + i;
  }
}

}  // namespace assay::profiler

#endif  // ASSAY_AGENT_PROFILER_BURN_CLOCK_H_

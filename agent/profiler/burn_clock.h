#ifndef ASSAY_AGENT_PROFILER_BURN_CLOCK_H_
#define ASSAY_AGENT_PROFILER_BURN_CLOCK_H_

#include <time.h>

#include <cstdint>

namespace assay::profiler {

// CPU time of the calling thread, so that the shares of functions do not depend on the machine's load.
inline int64_t BurnClockNanos() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

// Burns CPU time until `until_ns`, mostly outside of the clock. Inlined, so that the caller is the leaf of the stack.
__attribute__((always_inline)) inline void BurnUntil(int64_t until_ns) {
  volatile uint64_t sink = 0;
  while (BurnClockNanos() < until_ns) {
    for (uint64_t i = 0; i < 20'000; ++i) sink = sink + i;
  }
}

}  // namespace assay::profiler

#endif  // ASSAY_AGENT_PROFILER_BURN_CLOCK_H_

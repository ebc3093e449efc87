// A library without frame pointers, as distributions build them.

#include <cstdint>

#include "agent/profiler/burn_clock.h"

extern "C" {

__attribute__((noinline)) void burn_in_library(int64_t until_ns) {
  assay::profiler::BurnUntil(until_ns);
  asm volatile("");
}

__attribute__((noinline)) void call_from_library(void (*call)(int64_t), int64_t until_ns) {
  call(until_ns);
  asm volatile("");
}
}

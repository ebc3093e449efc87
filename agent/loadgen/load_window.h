#ifndef ASSAY_AGENT_LOADGEN_LOAD_WINDOW_H_
#define ASSAY_AGENT_LOADGEN_LOAD_WINDOW_H_

#include <cstdint>

namespace assay::loadgen {

// A time in which requests are sent, and the part of it whose requests count. Times are CLOCK_MONOTONIC, the same for
// all load threads of a process.
struct LoadWindow {
  // Sending begins: the warm-up, or a slot.
  int64_t start_ns = 0;
  // Requests sent from here on count. Equal to end_ns if none count.
  int64_t begin_ns = 0;
  // Sending ends. INT64_MAX where only a number of requests ends it.
  int64_t end_ns = INT64_MAX;
};

}  // namespace assay::loadgen

#endif  // ASSAY_AGENT_LOADGEN_LOAD_WINDOW_H_

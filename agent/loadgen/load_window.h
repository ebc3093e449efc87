#ifndef ASSAY_AGENT_LOADGEN_LOAD_WINDOW_H_
#define ASSAY_AGENT_LOADGEN_LOAD_WINDOW_H_

#include <cstdint>

namespace assay::loadgen {

// When what is sent counts. By CLOCK_MONOTONIC, common to all load threads of a process.
struct LoadWindow {
  // The warm-up's begin.
  int64_t start_ns = 0;
  int64_t begin_ns = 0;
  // INT64_MAX where only a number of requests ends it.
  int64_t end_ns = INT64_MAX;
};

}  // namespace assay::loadgen

#endif  // ASSAY_AGENT_LOADGEN_LOAD_WINDOW_H_

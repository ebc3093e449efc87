#ifndef ASSAY_CONTROLLER_PLAN_LOAD_LEVELS_H_
#define ASSAY_CONTROLLER_PLAN_LOAD_LEVELS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "proto/plan.pb.h"

namespace assay::controller {

// What the kinds of load have in common: levels, and a window that is the same for each. REQUIRES of all functions: the
// load is valid, and WithDefaults was applied.

// One level of load over all load agents.
struct LoadLevel {
  // "closed" or "open".
  std::string mode;
  uint32_t connections = 0;
  // 0 in a closed loop.
  double rate_per_s = 0;
};

// The name of its field in a plan: "closed", "open", "curve", "find"; empty when none is set.
std::string LoadKindName(const Load& load);

// In the plan's order.
std::vector<LoadLevel> LevelsOf(const Load& load);

// Of an open loop and of a load curve, whose levels share them.
OpenLoop::Arrivals ArrivalsOf(const Load& load);

// What ends the window: its time, or a count of requests over all load agents. One of the two is 0.
struct WindowBound {
  absl::Duration duration;
  uint64_t requests = 0;
};

WindowBound BoundOf(const Load& load);

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_PLAN_LOAD_LEVELS_H_

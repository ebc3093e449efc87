#ifndef ASSAY_CONTROLLER_PLAN_LOAD_LEVELS_H_
#define ASSAY_CONTROLLER_PLAN_LOAD_LEVELS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "proto/plan.pb.h"

namespace assay::controller {

// The common properties of all kinds of load: levels, and one window bound for all levels. All functions require a valid
// load to which WithDefaults was applied.

// The mode of a cell that stands for a search (capacity_search.h). Its executions have the mode "open".
inline constexpr char kSearchMode[] = "find";

// One level of load over all load agents.
struct LoadLevel {
  // "closed", "open" or kSearchMode.
  std::string mode;
  uint32_t connections = 0;
  // 0 in a closed loop, and for a search, which finds its rate.
  double rate_per_s = 0;
};

// The name of the load's field in a plan: "closed", "open", "curve" or "find"; empty if none is set.
std::string LoadKindName(const Load& load);

// All levels, in the order of the plan.
std::vector<LoadLevel> LevelsOf(const Load& load);

// The arrivals of an open loop, or of a load curve or a search, whose levels share them.
OpenLoop::Arrivals ArrivalsOf(const Load& load);

// What ends a window: its duration, or the number of requests over all load agents. Exactly one of the two is 0.
struct WindowBound {
  absl::Duration duration;
  uint64_t requests = 0;
};

// Of a search: the bound of its full-length executions.
WindowBound BoundOf(const Load& load);

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_PLAN_LOAD_LEVELS_H_

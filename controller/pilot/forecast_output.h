#ifndef ASSAY_CONTROLLER_PILOT_FORECAST_OUTPUT_H_
#define ASSAY_CONTROLLER_PILOT_FORECAST_OUTPUT_H_

#include <string>
#include <vector>

#include "controller/pilot/plan_forecast.h"
#include "nlohmann/json.hpp"

namespace assay::controller {

// A forecast for people, some lines per comparison: where the variation was measured, the interval that the plan's blocks
// will give, and the blocks and the time that each claim needs. Names come from plans and stores: the caller escapes them.
// Empty without comparisons.
std::string ToText(const PlanForecast& forecast);

// Why the plan is refused: a line per comparison that it cannot decide, and one with what to set instead. Empty if the plan
// can decide.
std::vector<std::string> RefusalOf(const PlanForecast& forecast);

// An array with one object per comparison.
nlohmann::ordered_json ToJson(const PlanForecast& forecast);

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_PILOT_FORECAST_OUTPUT_H_

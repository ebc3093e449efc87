#ifndef ASSAY_CONTROLLER_RESULTS_JSON_VALUES_H_
#define ASSAY_CONTROLLER_RESULTS_JSON_VALUES_H_

#include <optional>

#include "analysis/estimate.h"
#include "nlohmann/json.hpp"
#include "proto/results.pb.h"

namespace assay::controller {

// What the JSON of results and of profiles is made of. A figure that there is not is null.

nlohmann::ordered_json OrNull(const std::optional<double>& value);
// {"estimate", "low", "high"}.
nlohmann::ordered_json OrNull(const std::optional<Estimate>& figure);

// Sets "target", "workload", "mode" and "level", by which a reader finds a cell.
void SetCell(const Cell& cell, nlohmann::ordered_json* json);

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_RESULTS_JSON_VALUES_H_

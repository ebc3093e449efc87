#ifndef ASSAY_CONTROLLER_RESULTS_JSON_VALUES_H_
#define ASSAY_CONTROLLER_RESULTS_JSON_VALUES_H_

#include <optional>

#include "absl/types/span.h"
#include "analysis/estimate.h"
#include "controller/results/conditions.h"
#include "nlohmann/json_fwd.hpp"
#include "proto/results.pb.h"

namespace assay::controller {

// JSON values shared by results and profiles. A figure that is not set becomes null.

nlohmann::ordered_json OrNull(const std::optional<double>& value);
// An object {"estimate", "low", "high"}.
nlohmann::ordered_json OrNull(const std::optional<Estimate>& figure);

// Sets "target", "workload", "mode" and "level", which identify a cell.
void SetCell(const Cell& cell, nlohmann::ordered_json* json);

// An array of objects {"of", "key", "before", "after"}.
nlohmann::ordered_json ConditionChangesJson(absl::Span<const ConditionChange> changes);

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_RESULTS_JSON_VALUES_H_

#ifndef ASSAY_CONTROLLER_RESULTS_CAPACITY_OUTPUT_H_
#define ASSAY_CONTROLLER_RESULTS_CAPACITY_OUTPUT_H_

#include <cstddef>
#include <string>

#include "controller/results/campaign_results.h"
#include "nlohmann/json.hpp"

namespace assay::controller {

// The capacities of a campaign as text and JSON.

// A rate for people: "61,000/s", "at least 61,000/s", "none", "n/a"; with its interval if it has one.
std::string CapacityText(const CapacityResult& capacity);

// A table of the capacities, then one line for each search that the server did not end. With `executions`, also a table
// of all executions of the searches. Empty if the plan has no load.find.
std::string CapacityTables(const CampaignResults& results, size_t width, bool executions);

// The key "capacity" of `show --format=json`.
nlohmann::ordered_json CapacityJson(const CampaignResults& results);

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_RESULTS_CAPACITY_OUTPUT_H_

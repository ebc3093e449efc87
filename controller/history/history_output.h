#ifndef ASSAY_CONTROLLER_HISTORY_HISTORY_OUTPUT_H_
#define ASSAY_CONTROLLER_HISTORY_HISTORY_OUTPUT_H_

#include <string>

#include "controller/history/cell_history.h"
#include "controller/results/results_text.h"
#include "nlohmann/json_fwd.hpp"

namespace assay::controller {

// A table with one row per campaign, oldest first, and below it what changed between campaigns.
std::string ToText(const CellHistory& history, TextWidth width = TextWidth::kScreen);

// A header line, then one row per campaign. `condition_changes` has "KEY: BEFORE -> AFTER", separated by "; ".
std::string ToCsv(const CellHistory& history);

// `history --format=json`. The keys are a contract (docs/metrics.md).
nlohmann::ordered_json ToJson(const CellHistory& history);

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_HISTORY_HISTORY_OUTPUT_H_

#ifndef ASSAY_CONTROLLER_RESULTS_RESULT_NOTES_H_
#define ASSAY_CONTROLLER_RESULTS_RESULT_NOTES_H_

#include <string>
#include <vector>

#include "controller/results/campaign_results.h"

namespace assay::controller {

// What a reader of the figures has to know, a sentence each without a full stop, for people: over what the medians are,
// whether they have intervals, and what a closed loop does not show. Tables and reports print all of them.
std::vector<std::string> NotesOf(const CampaignResults& results);

// What "executions" are: "fresh starts" or "windows of one running server".
std::string RepeatsText(const CellResult& cell);

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_RESULTS_RESULT_NOTES_H_

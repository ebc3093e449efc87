#ifndef ASSAY_CONTROLLER_RESULTS_RESULT_NOTES_H_
#define ASSAY_CONTROLLER_RESULTS_RESULT_NOTES_H_

#include <string>
#include <vector>

#include "controller/results/campaign_results.h"

namespace assay::controller {

// What a reader must know about the figures: what the medians are over, whether they have intervals, which targets send
// fixed responses, and what a closed loop does not show. One sentence each, without a full stop. Tables and reports print
// all of them.
std::vector<std::string> NotesOf(const CampaignResults& results);

// What "executions" are: "fresh starts" or "windows of one running server".
std::string RepeatsText(const CellResult& cell);

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_RESULTS_RESULT_NOTES_H_

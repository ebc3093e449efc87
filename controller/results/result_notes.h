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

// How far the campaign is: "complete, 10 of 10 blocks"; of an imported one: "imported from wrk".
std::string ProgressText(const CampaignResults& results);

// What the figures lack: skipped targets, damaged records, failed executions. One line each, without a full stop.
std::vector<std::string> MissingOf(const CampaignResults& results);

// What "executions" are: "fresh starts", "windows of one running server" or "a result of another tool".
std::string RepeatsText(const CellResult& cell);

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_RESULTS_RESULT_NOTES_H_

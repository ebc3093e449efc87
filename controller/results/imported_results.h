#ifndef ASSAY_CONTROLLER_RESULTS_IMPORTED_RESULTS_H_
#define ASSAY_CONTROLLER_RESULTS_IMPORTED_RESULTS_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "controller/results/campaign_results.h"
#include "controller/store/store.h"
#include "nlohmann/json.hpp"
#include "proto/results.pb.h"

namespace assay::controller {

// Results of other tools (CampaignRecord.imported_from). Each is a cell of its own with one execution: its percentiles are
// shown as given, never averaged with others, and have no interval. No gate judges them.

bool IsImported(const CampaignRecord& campaign);

// kFailedPrecondition if the campaign is imported. The message names the tool and continues with `why`, such as "there is
// nothing to run again".
absl::Status CheckNotImported(const CampaignRecord& campaign, const std::string& why);

// The results of an imported campaign, in the order of the import.
absl::StatusOr<CampaignResults> ReadImportedResults(Store& store, const CampaignRecord& campaign);

// One sentence per tool on what its figures are, then what the tools' outputs require to know.
std::vector<std::string> ImportNotesOf(const CampaignResults& results);

// Everything that the tool reported, with null for what it did not.
nlohmann::ordered_json ImportedJson(const ImportedResult& imported);

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_RESULTS_IMPORTED_RESULTS_H_

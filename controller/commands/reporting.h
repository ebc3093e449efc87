#ifndef ASSAY_CONTROLLER_COMMANDS_REPORTING_H_
#define ASSAY_CONTROLLER_COMMANDS_REPORTING_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "controller/results/campaign_results.h"
#include "controller/results/profile_results.h"
#include "controller/store/store.h"
#include "proto/results.pb.h"

namespace assay::controller {

// Writes a campaign's report to a file, whose folder is made where there is none. `damaged` gets what of the campaign
// could not be read; the page names it.
absl::Status WriteReport(Store& store, const CampaignRecord& campaign, const std::string& path,
                         std::vector<absl::Status>& damaged);

// The profiles of a campaign whose figures were read; what of them is damaged is added to its results.
absl::StatusOr<std::vector<CellProfiles>> ReadProfilesOf(Store& store, CampaignResults& results);

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_COMMANDS_REPORTING_H_

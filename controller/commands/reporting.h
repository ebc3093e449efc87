#ifndef ASSAY_CONTROLLER_COMMANDS_REPORTING_H_
#define ASSAY_CONTROLLER_COMMANDS_REPORTING_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "controller/results/campaign_results.h"
#include "controller/results/profile_results.h"
#include "controller/store/store.h"
#include "controller/verdict/campaign_verdict.h"
#include "proto/results.pb.h"

namespace assay::controller {

// Writes the report of a campaign to the file `path`, and creates its folder if it does not exist. The report names
// each of `results.damaged`. `verdict`: nullptr if the plan wants none.
absl::Status WriteReport(const CampaignResults& results, const std::vector<CellProfiles>& profiles,
                         const CampaignVerdict* verdict, const std::string& path);

// Reads the profiles of a campaign. Appends each damaged profile to `results.damaged`, unless it is already there.
absl::StatusOr<std::vector<CellProfiles>> ReadProfilesOf(Store& store, CampaignResults& results);

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_COMMANDS_REPORTING_H_

#ifndef ASSAY_CONTROLLER_COMMANDS_REPORTING_H_
#define ASSAY_CONTROLLER_COMMANDS_REPORTING_H_

#include <string>

#include "absl/status/status.h"
#include "controller/store/store.h"
#include "proto/results.pb.h"

namespace assay {

// Writes a campaign's report to a file, whose folder is made where there is none.
absl::Status WriteReport(Store& store, const CampaignRecord& campaign, const std::string& path);

}  // namespace assay

#endif  // ASSAY_CONTROLLER_COMMANDS_REPORTING_H_

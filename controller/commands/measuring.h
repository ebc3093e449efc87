#ifndef ASSAY_CONTROLLER_COMMANDS_MEASURING_H_
#define ASSAY_CONTROLLER_COMMANDS_MEASURING_H_

#include "absl/status/status.h"
#include "controller/commands/command.h"
#include "controller/plan/plan_loader.h"
#include "proto/results.pb.h"

namespace assay::controller {

// Functions that the measuring commands share. They connect to the agents, open the store, run the campaign and print
// the result to standard output.

// Validates the plan, runs it as a new campaign and prints the result. A campaign that ends early stays in the store, and
// the command reports why it ended.
ExitStatus MeasurePlan(const LoadedPlan& loaded, const CommonFlags& flags,
                       Interruption& interruption);

// Continues a stored campaign and prints it. Uses the agents of --agents, else those that the campaign started on.
ExitStatus ResumeCampaign(const std::string& id, const CommonFlags& flags,
                          Interruption& interruption);

// Prints a stored campaign in the format of the flags. Returns the status of its content: kInvalidResult,
// kThresholdMissed or kDone. Returns kFailed if damaged records were skipped.
absl::StatusOr<ExitStatus> PrintCampaign(Store& store, const CampaignRecord& campaign,
                                         const CommonFlags& flags);

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_COMMANDS_MEASURING_H_

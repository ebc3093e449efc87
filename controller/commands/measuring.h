#ifndef ASSAY_CONTROLLER_COMMANDS_MEASURING_H_
#define ASSAY_CONTROLLER_COMMANDS_MEASURING_H_

#include "absl/status/status.h"
#include "controller/commands/command.h"
#include "controller/plan/plan_loader.h"
#include "proto/results.pb.h"

namespace assay::controller {

// What the commands that measure have in common: agents, store, campaign, and the result on standard output.

// Validates, measures as a new campaign, prints. Never throws a started campaign away: what ended early is stored and
// said.
ExitStatus MeasurePlan(const LoadedPlan& loaded, const CommonFlags& flags,
                       Interruption& interruption);

// Goes on with a stored campaign, on the agents that it began on unless the flags name others, and prints it.
ExitStatus ResumeCampaign(const std::string& id, const CommonFlags& flags,
                          Interruption& interruption);

// Prints a stored campaign in the format of the flags. The status is that of its content: kInvalidResult,
// kThresholdMissed or kDone.
absl::StatusOr<ExitStatus> PrintCampaign(Store& store, const CampaignRecord& campaign,
                                         const CommonFlags& flags);

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_COMMANDS_MEASURING_H_

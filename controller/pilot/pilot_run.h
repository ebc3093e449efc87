#ifndef ASSAY_CONTROLLER_PILOT_PILOT_RUN_H_
#define ASSAY_CONTROLLER_PILOT_PILOT_RUN_H_

#include <vector>

#include "absl/status/statusor.h"
#include "analysis/gates.h"
#include "controller/campaign/agent_pool.h"
#include "controller/campaign/interruption.h"
#include "controller/campaign/progress.h"
#include "controller/pilot/measured_spread.h"
#include "proto/plan.pb.h"
#include "proto/results.pb.h"

namespace assay::controller {

// Runs the pilot of a plan (PilotPlanOf()) on these agents and returns how much the blocks of each comparison vary, in the
// order of ComparisonsOf(). `skipped`: of FitToAgents().
//
// The pilot has a store of its own in a folder for temporary files, which is removed before this function returns, also
// after an interruption. Only a controller that is killed leaves the folder behind.
//
// kAborted or kCancelled if `interruption` ends the pilot; kFailedPrecondition if no execution succeeds. REQUIRES:
// WithDefaults was applied to the plan, it fits the agents, and its load is not `find`.
absl::StatusOr<std::vector<MeasuredSpread>> RunPilot(const Plan& plan,
                                                     const std::vector<SkippedTarget>& skipped,
                                                     AgentPool& pool, const GateRules& rules,
                                                     Interruption& interruption,
                                                     Progress::Style style);

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_PILOT_PILOT_RUN_H_

#ifndef ASSAY_CONTROLLER_CAMPAIGN_PLAN_FIT_H_
#define ASSAY_CONTROLLER_CAMPAIGN_PLAN_FIT_H_

#include <vector>

#include "absl/status/statusor.h"
#include "controller/campaign/agent_pool.h"
#include "proto/plan.pb.h"
#include "proto/results.pb.h"

namespace assay::controller {

// Checks a plan against these agents. Returns the targets that are not installed, and the workloads that
// a target does not serve, each with the reason to skip it.
//
// INVALID_ARGUMENT lists all errors of the plan at once: a target or an option that the catalogue does not
// have (with the known ones), a CPU that does not exist, fewer connections or requests than load agents,
// more connections than an agent may open. FAILED_PRECONDITION if nothing is left to measure.
absl::StatusOr<std::vector<SkippedTarget>> FitToAgents(const Plan& plan, const AgentPool& pool);

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_CAMPAIGN_PLAN_FIT_H_

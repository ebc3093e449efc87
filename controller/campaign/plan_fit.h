#ifndef ASSAY_CONTROLLER_CAMPAIGN_PLAN_FIT_H_
#define ASSAY_CONTROLLER_CAMPAIGN_PLAN_FIT_H_

#include <vector>

#include "absl/status/statusor.h"
#include "controller/campaign/agent_pool.h"
#include "proto/plan.pb.h"
#include "proto/results.pb.h"

namespace assay::controller {

// What of a plan these agents can do: targets that are not installed, and requests that a target
// does not serve, are skipped with a reason. INVALID_ARGUMENT for what is the plan's fault, all of
// it at once: a target or option that the catalogue does not know (and what there is instead), a
// CPU that does not exist, fewer connections than load agents, more than an agent may open.
// FAILED_PRECONDITION when nothing is left to measure.
absl::StatusOr<std::vector<SkippedTarget>> FitToAgents(const Plan& plan, const AgentPool& pool);

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_CAMPAIGN_PLAN_FIT_H_

#ifndef ASSAY_CONTROLLER_CAMPAIGN_PLAN_FIT_H_
#define ASSAY_CONTROLLER_CAMPAIGN_PLAN_FIT_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "controller/campaign/agent_pool.h"
#include "proto/plan.pb.h"
#include "proto/results.pb.h"

namespace assay::controller {

// A plan with its defaults.
struct DefaultedPlan {
  Plan plan;
  // Why the plan is sequential although its targets could take turns by its text alone; empty if it is not.
  std::string why_sequential;
};

// WithDefaults() for these agents: a plan that names no design is sequential if one of its targets cannot be alive
// together with others (`alone` in the catalogue of the server's agent). REQUIRES: Validate(plan) is OK.
DefaultedPlan WithDefaultsFor(const Plan& plan, const AgentPool& pool);

// Checks a plan against these agents. Returns the targets that are not installed, and the workloads that
// a target does not serve, each with the reason to skip it.
//
// INVALID_ARGUMENT lists all errors of the plan at once: a target or an option that the catalogue does not
// have (with the known ones), a CPU that does not exist, fewer connections or requests than load agents,
// more connections than an agent may open. FAILED_PRECONDITION if nothing is left to measure.
absl::StatusOr<std::vector<SkippedTarget>> FitToAgents(const Plan& plan, const AgentPool& pool);

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_CAMPAIGN_PLAN_FIT_H_

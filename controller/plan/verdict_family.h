#ifndef ASSAY_CONTROLLER_PLAN_VERDICT_FAMILY_H_
#define ASSAY_CONTROLLER_PLAN_VERDICT_FAMILY_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "proto/plan.pb.h"

namespace assay::controller {

// Whether two entries of a plan are the same server, so that one is an A/A control of the other: same name or URL, same
// options.
bool IsSameServer(const PlanTarget& a, const PlanTarget& b);

// The targets that a verdict compares with the baseline, in the order of the plan: those that are neither the baseline nor
// an A/A control. They point into the plan. REQUIRES: WithDefaults was applied.
std::vector<const PlanTarget*> CandidatesOf(const Plan& plan);

// The number of comparisons of a plan that get a verdict: workloads times levels times candidates. REQUIRES: WithDefaults
// was applied.
uint32_t VerdictFamilyOf(const Plan& plan);

// Whether a plan can give the verdict that it asks for.
struct Decidability {
  // 0 if the plan asks for no verdict, or has nothing to compare.
  uint32_t comparisons = 0;
  // The smallest number of blocks with which all comparisons together can have a verdict.
  uint32_t blocks_needed = 0;
  // Why the plan cannot decide, and what to do; not set if it can, or if it asks for no verdict.
  std::optional<std::string> why_not;
};
// REQUIRES: WithDefaults was applied.
Decidability DecidabilityOf(const Plan& plan);

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_PLAN_VERDICT_FAMILY_H_

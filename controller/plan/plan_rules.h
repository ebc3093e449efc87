#ifndef ASSAY_CONTROLLER_PLAN_PLAN_RULES_H_
#define ASSAY_CONTROLLER_PLAN_PLAN_RULES_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "controller/plan/plan_loader.h"
#include "proto/plan.pb.h"

namespace assay::controller {

// One error in a plan.
struct PlanFault {
  // The field, such as "targets[1].label".
  std::string field;
  // What is wrong with the field, and what is expected.
  std::string what;
};

// All errors in a plan that can be found without an agent, in the order of the fields. Empty for a valid
// plan. Does not check whether the catalogue has the targets.
std::vector<PlanFault> FaultsOf(const Plan& plan);

// OK, or kInvalidArgument with one line "FIELD: WHAT" for each fault.
absl::Status Validate(const Plan& plan);

// The same, with the origin of the field before each fault: "FILE:LINE:COLUMN: FIELD: WHAT".
absl::Status Validate(const LoadedPlan& loaded);

// The plan with all defaults filled in. The stored plan is then complete, and a later version with other
// defaults repeats it unchanged. REQUIRES: Validate(plan) is OK. Idempotent.
Plan WithDefaults(Plan plan);

// Clears each field whose value equals a default that depends on other fields, such as a label equal to its target's
// name, or a baseline equal to the first target. WithDefaults() then derives it again after an override of those fields.
Plan WithoutDerivedDefaults(Plan plan);

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_PLAN_PLAN_RULES_H_

#ifndef ASSAY_CONTROLLER_PLAN_PLAN_RULES_H_
#define ASSAY_CONTROLLER_PLAN_PLAN_RULES_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "controller/plan/plan_loader.h"
#include "proto/plan.pb.h"

namespace assay::controller {

// One thing that is wrong with a plan.
struct PlanFault {
  // The field, such as "targets[1].label".
  std::string field;
  // What is wrong with it, and what would be right.
  std::string what;
};

// Everything wrong with a plan that can be said without asking an agent, in the order of the
// fields; empty for a plan that may be run. Whether the catalogue knows a target is not among it.
std::vector<PlanFault> FaultsOf(const Plan& plan);

// Ok, or kInvalidArgument with one line "FIELD: WHAT" a fault.
absl::Status Validate(const Plan& plan);

// The same with "FILE:LINE:COLUMN: " before each fault whose field stands in the text.
absl::Status Validate(const LoadedPlan& loaded);

// The plan with every default written out, so that what is stored says all and a later version with
// other defaults repeats it as it was. REQUIRES: Validate(plan). Filling in twice changes nothing.
Plan WithDefaults(Plan plan);

// The inverse where a default follows from other fields: what WithDefaults() would say again (a label that is its
// target's name, a baseline that is the first target) is left out, so that it follows when they are changed.
Plan WithoutWhatFollows(Plan plan);

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_PLAN_PLAN_RULES_H_

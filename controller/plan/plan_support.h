#ifndef ASSAY_CONTROLLER_PLAN_PLAN_SUPPORT_H_
#define ASSAY_CONTROLLER_PLAN_PLAN_SUPPORT_H_

#include "proto/plan.pb.h"

namespace assay::controller {

// What of the plan's language this version can carry out. The proto has it all from the first day;
// plan_rules.h refuses what is not listed here, by name, and a feature joins by the line that lists
// it.
inline constexpr Load::KindCase kSupportedLoads[] = {Load::kClosed, Load::kOpen, Load::kCurve};

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_PLAN_PLAN_SUPPORT_H_

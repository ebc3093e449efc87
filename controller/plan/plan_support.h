#ifndef ASSAY_CONTROLLER_PLAN_PLAN_SUPPORT_H_
#define ASSAY_CONTROLLER_PLAN_PLAN_SUPPORT_H_

#include "proto/plan.pb.h"

namespace assay::controller {

// The kinds of load that this version supports. If plan.proto defines more, plan_rules.h rejects those by name.
inline constexpr Load::KindCase kSupportedLoads[] = {Load::kClosed, Load::kOpen, Load::kCurve,
                                                     Load::kFind};

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_PLAN_PLAN_SUPPORT_H_

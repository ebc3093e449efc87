#ifndef ASSAY_CONTROLLER_PLAN_PLAN_SUPPORT_H_
#define ASSAY_CONTROLLER_PLAN_PLAN_SUPPORT_H_

#include <cstddef>
#include <cstdint>

#include "proto/plan.pb.h"

namespace assay {

// What of the plan's language this version can carry out. The proto has it all from the first day;
// plan_rules.h refuses what is not listed here, by name, and a feature joins by the line that lists
// it.
inline constexpr Load::KindCase kSupportedLoads[] = {Load::kClosed, Load::kOpen, Load::kCurve};

// A profile may sample this often; profiler.h.
inline constexpr uint32_t kMaxProfileHz = 10'000;

// A workload travels to its agents in one gRPC message, which holds 4 MiB: this much of it may be the body.
inline constexpr size_t kMaxBodyBytes = size_t{3} << 20;

}  // namespace assay

#endif  // ASSAY_CONTROLLER_PLAN_PLAN_SUPPORT_H_

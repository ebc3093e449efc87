#ifndef ASSAY_CONTROLLER_PILOT_PILOT_PLAN_H_
#define ASSAY_CONTROLLER_PILOT_PILOT_PLAN_H_

#include <cstdint>

#include "absl/time/time.h"
#include "proto/plan.pb.h"

namespace assay::controller {

// Blocks of a pilot. Fewer say next to nothing about the variation between starts.
constexpr uint32_t kFewestPilotBlocks = 4;
constexpr uint32_t kMostPilotBlocks = 8;
constexpr absl::Duration kPilotLength = absl::Seconds(55);

// The short campaign that shows how much the blocks of a plan vary: its targets, workloads, levels, load, design and CPUs,
// with kFewestPilotBlocks to kMostPilotBlocks blocks and shorter windows, without profiles, thresholds and pauses. The
// warm-up is at most a second.
//
// The estimated length (LengthOf()) is at most kPilotLength if the plan has at most about 20 cells; with more cells, the
// pilot takes longer. Gates that demand a minimum length warn and do not void it (verdict: NONE).
//
// REQUIRES: WithDefaults was applied, and the load is not `find`.
Plan PilotPlanOf(const Plan& plan);

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_PILOT_PILOT_PLAN_H_

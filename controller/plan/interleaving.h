#ifndef ASSAY_CONTROLLER_PLAN_INTERLEAVING_H_
#define ASSAY_CONTROLLER_PLAN_INTERLEAVING_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "proto/agent.pb.h"
#include "proto/plan.pb.h"
#include "proto/results.pb.h"

namespace assay::controller {

// The interleaved design: the targets of one workload and level are alive together, and short slots of load go round
// them. docs/measurement.md says why.

// Why a plan's targets cannot take turns in slots; nullopt if they can. An agent may know more reasons (a target that
// must be alone, see plan_fit.h).
std::optional<std::string> WhyNotInterleaved(const Plan& plan);

// Whether the executions of a cell take turns with those of other targets. Separate executions for profiles do not.
// REQUIRES: WithDefaults was applied.
bool IsInterleaved(const Plan& plan, const Cell& cell);

// The workload and level of a cell, as a key: the interleaved cells of a plan with the same key take turns.
std::string UnitKeyOf(const Cell& cell);

// So many servers are alive together at most, all on the same CPUs.
constexpr int kMostInterleavedTargets = 16;

// Slots and drains become up to kLongestStretch times as long, in steps of this factor, for targets whose responses take
// longer than usual.
constexpr uint32_t kStretchStep = 4;
constexpr uint32_t kLongestStretch = 64;

// Lengths of the slots of one level, and their number.
struct SlotLengths {
  absl::Duration lead;
  absl::Duration period;
  absl::Duration slot;
  absl::Duration settle;
  // A round has one slot of each target.
  uint32_t warmup_rounds = 0;
  uint32_t rounds = 0;
};

// The slots for `targets` targets of the cell's level. Slots and drains are `stretch` times as long as usual.
// REQUIRES: IsInterleaved(plan, cell), targets >= 1, stretch >= 1.
SlotLengths SlotLengthsOf(const Plan& plan, const Cell& cell, uint32_t targets, uint32_t stretch);

// OK if agents accept slots of these lengths for that many targets, else kInvalidArgument that begins with the wrong
// field of a SlotSchedule (CheckSlots() in proto/convert/slot_schedule.h).
absl::Status CheckSlotLengths(const SlotLengths& lengths, uint32_t targets);

// The longest stretch whose slots agents accept. REQUIRES: as SlotLengthsOf(); they accept those of stretch 1.
uint32_t LongestStretchOf(const Plan& plan, const Cell& cell, uint32_t targets);

// From the common start until the last slot has drained.
absl::Duration LengthOfSlots(const SlotLengths& lengths, uint32_t targets);

// The schedules of `targets` executions that take turns, in the order of the targets. Each block, workload and level has
// its own balanced random order, which follows from the plan's seed.
std::vector<SlotSchedule> SlotSchedulesOf(const Plan& plan, const Cell& cell, uint32_t block,
                                          uint32_t targets, uint32_t stretch);

// The stretch of a stored schedule of the cell; 1 if the plan gives no such slots.
uint32_t StretchOf(const Plan& plan, const Cell& cell, const SlotSchedule& slots);

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_PLAN_INTERLEAVING_H_

#ifndef ASSAY_CONTROLLER_CAMPAIGN_JOB_SPECS_H_
#define ASSAY_CONTROLLER_CAMPAIGN_JOB_SPECS_H_

#include <cstdint>
#include <string>

#include "controller/campaign/agent_pool.h"
#include "proto/agent.pb.h"
#include "proto/plan.pb.h"
#include "proto/results.pb.h"

namespace assay::controller {

// The specification of the server job of a cell in one block. Each start draws its own environment_padding from the
// plan's seed. REQUIRES: the defaults of the plan are filled in, and the cell belongs to the plan.
ServerSpec ServerSpecOf(const Plan& plan, const Cell& cell, uint32_t block, const AgentPool& pool);

// The specification of the load job of load agent `index` of the pool in one block. `destination` is the server's
// address as that agent reaches it. Each block draws new arrival times, which all cells of the block share. So the
// confidence interval over blocks includes the randomness of the arrivals, and cells are compared under equal arrivals.
LoadSpec LoadSpecOf(const Plan& plan, const Cell& cell, uint32_t block, const AgentPool& pool,
                    uint32_t index, const std::string& destination);

// Makes a job send its load, or read its clocks, in slots instead of in one window.
void UseSlots(const SlotSchedule& slots, ServerSpec& spec);
void UseSlots(const SlotSchedule& slots, LoadSpec& spec);

// The longest time from the start of a load to its end, drain included. A load that takes longer counts as lost.
// `slots`: its schedule, or nullptr if it has one window.
absl::Duration LongestRun(const Plan& plan, const Cell& cell, const SlotSchedule* slots = nullptr);

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_CAMPAIGN_JOB_SPECS_H_

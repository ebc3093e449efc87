#ifndef ASSAY_CONTROLLER_CAMPAIGN_JOB_SPECS_H_
#define ASSAY_CONTROLLER_CAMPAIGN_JOB_SPECS_H_

#include <cstdint>
#include <string>

#include "controller/campaign/agent_pool.h"
#include "proto/agent.pb.h"
#include "proto/plan.pb.h"
#include "proto/results.pb.h"

namespace assay::controller {

// An even share of `total` for one of `count`: the first ones get the remainder. Shares add up to
// the total.
uint64_t ShareOf(uint64_t total, uint32_t index, uint32_t count);

// What the server's agent is asked to do for a cell. REQUIRES: the plan has its defaults, the cell
// is of the plan.
ServerSpec ServerSpecOf(const Plan& plan, const Cell& cell, const AgentPool& pool);

// What load agent `index` of the pool is asked to do in a block. `destination` is where the server listens, as
// that agent reaches it. Arrivals are drawn anew for each block, and alike for all of its cells: the interval over
// blocks then holds the chance in them, and cells are still compared under the same one.
LoadSpec LoadSpecOf(const Plan& plan, const Cell& cell, uint32_t block, const AgentPool& pool,
                    uint32_t index, const std::string& destination);

// Longest time from a load's start to its end, drain included, after which it is taken for lost.
absl::Duration LongestRun(const Plan& plan, const Cell& cell);

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_CAMPAIGN_JOB_SPECS_H_

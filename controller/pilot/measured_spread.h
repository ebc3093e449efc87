#ifndef ASSAY_CONTROLLER_PILOT_MEASURED_SPREAD_H_
#define ASSAY_CONTROLLER_PILOT_MEASURED_SPREAD_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "analysis/planned_precision.h"
#include "controller/verdict/campaign_verdict.h"
#include "proto/plan.pb.h"
#include "proto/results.pb.h"

namespace assay::controller {

// A comparison of a plan that gets a verdict.
struct PlannedComparison {
  // Labels of the plan.
  std::string baseline;
  std::string candidate;
  // Its target is the candidate.
  Cell cell;
};

// Every workload and level with each candidate, without those of which a target is skipped. REQUIRES: WithDefaults was
// applied.
std::vector<PlannedComparison> ComparisonsOf(const Plan& plan,
                                             const std::vector<SkippedTarget>& skipped);

// How much the blocks of a planned comparison vary, as measured in a pilot or in a stored campaign.
struct MeasuredSpread {
  PlannedComparison comparison;
  // Not set if it is not known. `missing` then says why.
  std::optional<BlockSpread> spread;
  std::string missing;
  // The measured time (or requests) of a block of the plan, divided by that of a measured block.
  double length = 1;
  // The stored campaign; empty for a pilot.
  std::string campaign;
  int64_t started_us = 0;
  // Names of the gates that would void the comparison.
  std::vector<std::string> invalid_gates;
};

// The load that a block has for one target of a cell: seconds, or requests if these bound the window. `targets`: those that
// take turns. REQUIRES: WithDefaults was applied.
double LoadOfBlock(const Plan& plan, const Cell& cell, uint32_t targets);

// The number of targets of a plan that serve a workload.
uint32_t TargetsServing(const Plan& plan, const std::vector<SkippedTarget>& skipped,
                        const std::string& workload);

// The spread of a comparison in a verdict in which the candidate has the label `label`. `metric`: that of the plan's
// verdict.
MeasuredSpread SpreadIn(const CampaignVerdict& verdict, const PlannedComparison& comparison,
                        const std::string& label, const std::string& metric);

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_PILOT_MEASURED_SPREAD_H_

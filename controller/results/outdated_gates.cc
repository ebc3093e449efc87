#include "controller/results/outdated_gates.h"

#include "absl/status/statusor.h"
#include "common/status_macros.h"
#include "controller/gates/gate_keeper.h"

namespace assay::controller {

std::vector<const AgentRecord*> AgentsOf(const CampaignRecord& campaign) {
  std::vector<const AgentRecord*> agents;
  for (const AgentRecord& agent : campaign.agents()) agents.push_back(&agent);
  return agents;
}

void OutdatedGates::SeeForItsGroup(const ExecutionRecord& execution) {
  if (execution.group().empty()) return;
  Group& group = groups_[execution.group()];
  group.use += SharedUseOf(execution);
  ++group.executions;
}

void OutdatedGates::See(const ExecutionRecord& execution) {
  SeeForItsGroup(execution);
  if (!IsOutdated(rules_, execution)) return;
  outdated_.push_back({execution.id(), execution.cell(), execution.block(), execution.group(),
                       SharedUseOf(execution), GroupSizeOf(execution), HasManyIntervals(execution),
                       FiguresToJudge(campaign_.plan(), execution, AgentsOf(campaign_))});
}

absl::Status OutdatedGates::JudgeAgain(
    Store& store, absl::FunctionRef<void(const Cell&, uint32_t block, const GateResult&)> take) {
  for (Outdated& one : outdated_) {
    ExecutionContext context;
    if (!one.group.empty()) {
      const Group& group = groups_[one.group];
      context.siblings = group.use;
      context.siblings -= one.own;
      context.siblings_known = group.executions >= one.group_size;
    }
    if (one.has_many_intervals) {
      ASSAY_ASSIGN_OR_RETURN(const std::vector<LoadInterval> stored, store.ReadSeconds(one.id));
      std::vector<const WindowSecond*> intervals;
      for (const LoadInterval& interval : stored) intervals.push_back(&interval.second);
      context.interval_medians = IntervalMedians(intervals);
    }
    AddContext(context, &one.figures);
    for (const GateResult& gate : JudgeFigures(rules_, campaign_.plan(), one.cell, one.figures)) {
      take(one.cell, one.block, gate);
    }
  }
  return absl::OkStatus();
}

}  // namespace assay::controller

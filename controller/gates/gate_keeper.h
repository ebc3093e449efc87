#ifndef ASSAY_CONTROLLER_GATES_GATE_KEEPER_H_
#define ASSAY_CONTROLLER_GATES_GATE_KEEPER_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "analysis/gates.h"
#include "controller/gates/gate_inputs.h"
#include "proto/plan.pb.h"
#include "proto/profile.pb.h"
#include "proto/results.pb.h"
#include "proto/samples.pb.h"

namespace assay::controller {

// Reads the limits of all gates from their data file, analysis/gates.textproto. Errors name the file, line and column.
absl::StatusOr<GateRules> LoadGateRules();
absl::StatusOr<GateRules> ParseGateRules(std::string_view text, std::string_view name);

// Judges one measured execution. The results are stored with the execution.
std::vector<GateResult> JudgeExecution(const GateRules& rules, const Plan& plan,
                                       const ExecutionRecord& execution,
                                       const std::vector<const AgentRecord*>& agents,
                                       const ExecutionContext& context = {});
// The same, from figures that were read before (gate_inputs.h).
std::vector<GateResult> JudgeFigures(const GateRules& rules, const Plan& plan, const Cell& cell,
                                     const ExecutionFigures& figures);

// A measured execution, and the intervals or slots of all its load agents.
struct MeasuredExecution {
  ExecutionRecord* record = nullptr;
  std::vector<const WindowSecond*> intervals;
};
// Judges executions that were measured together: all of one group, or a single one. Sets their `gates`.
void JudgeTogether(const GateRules& rules, const Plan& plan,
                   const std::vector<const AgentRecord*>& agents,
                   absl::Span<const MeasuredExecution> executions);

// Whether older rules judged a stored execution, so that it must be judged again.
bool IsOutdated(const GateRules& rules, const ExecutionRecord& execution);

// Judges all profiles of one cell together. `subject` names the cell. REQUIRES: no profile was refused.
std::vector<GateResult> JudgeProfiles(const GateRules& rules, const Plan& plan,
                                      const std::vector<const ProfileInfo*>& profiles,
                                      const std::string& subject);

// The stored form of a judgement. `subject` is what the gate judges; for people.
GateResult ToResult(const GateRules& rules, const GateJudgement& judgement,
                    const std::string& subject);

// Judges a whole campaign by its number of finished blocks. If all servers are given by URL, the result is UNREADABLE:
// the blocks are windows of running servers, and the number of independent windows is unknown.
std::vector<GateResult> JudgeCampaign(const GateRules& rules, const Plan& plan,
                                      uint32_t finished_blocks);

// Judges one figure of a whole campaign by the rule of that name, one of CampaignGates(). A figure that is not set is
// UNREADABLE. `subject` says for people what was judged, such as a level.
GateResult JudgeCampaignFigure(const GateRules& rules, const Plan& plan, const std::string& gate,
                               std::optional<double> value, const std::string& subject);

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_GATES_GATE_KEEPER_H_

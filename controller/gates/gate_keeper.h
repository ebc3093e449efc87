#ifndef ASSAY_CONTROLLER_GATES_GATE_KEEPER_H_
#define ASSAY_CONTROLLER_GATES_GATE_KEEPER_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "analysis/gates.h"
#include "proto/plan.pb.h"
#include "proto/profile.pb.h"
#include "proto/results.pb.h"

namespace assay::controller {

// Reads the limits of all gates from their data file, analysis/gates.textproto. Errors name the file, line and column.
absl::StatusOr<GateRules> LoadGateRules();
absl::StatusOr<GateRules> ParseGateRules(std::string_view text, std::string_view name);

// The figures of one execution that gates judge, except its think time: a plan may ask for a part of that. `agents` are
// the agents of its campaign.
ExecutionFigures FiguresOf(const ExecutionRecord& execution,
                           const std::vector<const AgentRecord*>& agents);

// Judges one measured execution. The results are stored with the execution.
std::vector<GateResult> JudgeExecution(const GateRules& rules, const Plan& plan,
                                       const ExecutionRecord& execution,
                                       const std::vector<const AgentRecord*>& agents);

// Judges all profiles of one cell together. `subject` names the cell. REQUIRES: no profile was refused.
std::vector<GateResult> JudgeProfiles(const GateRules& rules, const Plan& plan,
                                      const std::vector<const ProfileInfo*>& profiles,
                                      const std::string& subject);

// The stored form of a judgement. `subject` is what the gate judges; for people.
GateResult ToResult(const GateJudgement& judgement, const std::string& subject);

// Judges a whole campaign by its number of finished blocks. If all servers are given by URL, the result is UNREADABLE:
// the blocks are windows of running servers, and the number of independent windows is unknown.
std::vector<GateResult> JudgeCampaign(const GateRules& rules, const Plan& plan,
                                      uint32_t finished_blocks);

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_GATES_GATE_KEEPER_H_

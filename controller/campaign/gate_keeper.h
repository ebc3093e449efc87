#ifndef ASSAY_CONTROLLER_CAMPAIGN_GATE_KEEPER_H_
#define ASSAY_CONTROLLER_CAMPAIGN_GATE_KEEPER_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "analysis/gates.h"
#include "proto/plan.pb.h"
#include "proto/profile.pb.h"
#include "proto/results.pb.h"

namespace assay::controller {

// Reads the one data file of limits. Errors name the file, line and column.
absl::StatusOr<GateRules> LoadGateRules();
absl::StatusOr<GateRules> ParseGateRules(std::string_view text, std::string_view name);

// The figures of one execution that gates judge, but for its think time, of which a plan may ask for a job. `agents` are
// those of its campaign.
ExecutionFigures FiguresOf(const ExecutionRecord& execution,
                           const std::vector<const AgentRecord*>& agents);

// Judges one measured execution; the results are stored with it.
std::vector<GateResult> JudgeExecution(const GateRules& rules, const Plan& plan,
                                       const ExecutionRecord& execution,
                                       const std::vector<const AgentRecord*>& agents);

// Judges the profiles of a cell together; `subject` names it. REQUIRES: none was refused.
std::vector<GateResult> JudgeProfiles(const GateRules& rules, const Plan& plan,
                                      const std::vector<const ProfileInfo*>& profiles,
                                      const std::string& subject);

// Judges what only a whole campaign shows. Blocks of a campaign whose servers are all given by URL are windows of running
// servers: how many independent ones there are is not readable.
std::vector<GateResult> JudgeCampaign(const GateRules& rules, const Plan& plan,
                                      uint32_t finished_blocks);

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_CAMPAIGN_GATE_KEEPER_H_

#ifndef ASSAY_CONTROLLER_RESULTS_OUTDATED_GATES_H_
#define ASSAY_CONTROLLER_RESULTS_OUTDATED_GATES_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "analysis/gates.h"
#include "controller/gates/gate_inputs.h"
#include "controller/store/store.h"
#include "proto/results.pb.h"

namespace assay::controller {

// The agents of a campaign, for the functions that judge it. They live as long as the campaign.
std::vector<const AgentRecord*> AgentsOf(const CampaignRecord& campaign);

// Judges executions again that older rules judged when they were measured. Keeps the figures to judge, less than a
// kilobyte per execution, until all executions were read, because an execution's figures depend on its group.
class OutdatedGates {
 public:
  // Both must outlive this object.
  OutdatedGates(const GateRules& rules, const CampaignRecord& campaign)
      : rules_(rules), campaign_(campaign) {}

  // Takes each measured execution of the campaign, either to judge it again or, if its judgement is not wanted, for what
  // its group used.
  void See(const ExecutionRecord& execution);
  void SeeForItsGroup(const ExecutionRecord& execution);
  // Calls `take` for each result of the outdated executions, with their cell and block. Errors are those of the store.
  absl::Status JudgeAgain(
      Store& store, absl::FunctionRef<void(const Cell&, uint32_t block, const GateResult&)> take);
  // The number of outdated executions.
  size_t count() const { return outdated_.size(); }

 private:
  struct Outdated {
    std::string id;
    Cell cell;
    uint32_t block = 0;
    std::string group;
    SharedUse own;
    int group_size = 1;
    bool has_many_intervals = false;
    ExecutionFigures figures;
  };

  const GateRules& rules_;
  const CampaignRecord& campaign_;
  struct Group {
    SharedUse use;
    int executions = 0;
  };
  // By group.
  absl::flat_hash_map<std::string, Group> groups_;
  std::vector<Outdated> outdated_;
};

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_RESULTS_OUTDATED_GATES_H_

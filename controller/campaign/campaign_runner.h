#ifndef ASSAY_CONTROLLER_CAMPAIGN_CAMPAIGN_RUNNER_H_
#define ASSAY_CONTROLLER_CAMPAIGN_CAMPAIGN_RUNNER_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "analysis/gates.h"
#include "controller/campaign/agent_pool.h"
#include "controller/campaign/execution_runner.h"
#include "controller/campaign/interruption.h"
#include "controller/campaign/progress.h"
#include "controller/plan/cells.h"
#include "controller/results/capacity.h"
#include "controller/store/store.h"
#include "proto/results.pb.h"

namespace assay::controller {

// Runs campaigns. It makes every execution of the plan in the seeded order. It judges and commits each
// execution when it ends, so that finished executions are kept however the campaign ends. A plan with load.find names
// searches instead: each is asked for its next execution until it ends.
//
// Threads: runs one campaign at a time. Meanwhile, a thread of its own writes heartbeats to the store
// and polls the store for a cancellation.
class CampaignRunner {
 public:
  // All arguments must outlive this object.
  CampaignRunner(AgentPool& pool, Store& store, const GateRules& rules, Interruption& interruption,
                 Progress::Style style)
      : pool_(pool), store_(store), rules_(rules), interruption_(interruption), style_(style) {}

  // Runs a plan, whose defaults are filled in, as a new campaign. The status of the returned record is
  // COMPLETE, CANCELLED, INTERRUPTED (by a signal, a lost agent, or a failed execution if the plan says
  // STOP) or FAILED (no execution succeeded), with the reason. An error means that no campaign was
  // created because the plan does not fit these agents, or that the store failed.
  absl::StatusOr<CampaignRecord> Run(const Plan& plan, const std::string& plan_text,
                                     const std::string& label);

  // Continues a campaign that ended early. Measured executions stay. Failed and missing ones are made,
  // also those of targets that were not installed before. An interleaved unit of which one execution is missing is made
  // again as a whole, because an execution that takes turns with no other has no pair; the earlier executions stay in the
  // store and in no figure (UnitAttempts). FAILED_PRECONDITION if the campaign is complete without a failed execution, if
  // it still runs elsewhere, or if it started on other machines than these agents'. A search goes on after its last stored
  // execution, also if that failed; one that has ended stays as it is.
  absl::StatusOr<CampaignRecord> Resume(CampaignRecord campaign);

 private:
  // `tasks`: the executions of each unit follow each other.
  absl::StatusOr<CampaignRecord> RunTasks(CampaignRecord campaign,
                                          const std::vector<ExecutionTask>& tasks);
  // OK if all executions were made, else the reason why the campaign ends early.
  absl::Status Execute(const CampaignRecord& campaign, const std::vector<ExecutionTask>& tasks);
  // If the store would refuse the execution, because of what an agent sent, replaces it by a failed one that names the
  // agent. Otherwise one agent's record would end the campaign.
  void FailRefused(FinishedExecution& finished) const;
  // The same for a plan with load.find. Each task is a search.
  absl::Status ExecuteSearches(const CampaignRecord& campaign,
                               const std::vector<ExecutionTask>& searches);
  // Makes the executions that one search still asks for. `plan_of_step`: the plan of the runner, set for each execution.
  absl::Status Search(const CampaignRecord& campaign, const ScheduledExecution& scheduled,
                      StoredSearches& stored, Plan& plan_of_step, ExecutionRunner& runner,
                      Progress& progress);
  // The executions of a campaign that are to be made: all that are not in the store as measured.
  absl::StatusOr<std::vector<ExecutionTask>> MissingTasks(const CampaignRecord& campaign,
                                                          const SkippedCells& skipped);
  // Judges the finished executions of one unit and commits them.
  absl::Status Commit(const CampaignRecord& campaign, std::vector<FinishedExecution>& unit);
  // An error if the campaign must not go on after these executions: an agent is lost, or the plan says STOP.
  absl::Status CheckFailures(const Plan& plan, const std::vector<FinishedExecution>& finished);
  absl::Status CheckAgents(const ExecutionRecord& failed);
  void DescribeAgents(CampaignRecord& campaign) const;

  AgentPool& pool_;
  Store& store_;
  const GateRules& rules_;
  Interruption& interruption_;
  const Progress::Style style_;
};

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_CAMPAIGN_CAMPAIGN_RUNNER_H_

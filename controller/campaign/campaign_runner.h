#ifndef ASSAY_CONTROLLER_CAMPAIGN_CAMPAIGN_RUNNER_H_
#define ASSAY_CONTROLLER_CAMPAIGN_CAMPAIGN_RUNNER_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "analysis/gates.h"
#include "controller/campaign/agent_pool.h"
#include "controller/campaign/interruption.h"
#include "controller/campaign/progress.h"
#include "controller/plan/cells.h"
#include "controller/store/store.h"
#include "proto/results.pb.h"

namespace assay::controller {

// Carries campaigns out: every execution of the plan in its seeded order, each judged and committed
// as it ends, so that whatever happens, what was finished is kept.
//
// Threads: one campaign at a time; while it runs, a thread of its own tells the store that it lives
// and looks whether someone cancelled it.
class CampaignRunner {
 public:
  // All must outlive it.
  CampaignRunner(AgentPool& pool, Store& store, const GateRules& rules, Interruption& interruption,
                 Progress::Style style)
      : pool_(pool), store_(store), rules_(rules), interruption_(interruption), style_(style) {}

  // Measures a plan whose defaults are filled in, as a new campaign. The record tells how it ended:
  // COMPLETE, CANCELLED, INTERRUPTED (by a signal, a lost agent, a failing cell where the plan says
  // stop) or FAILED (nothing succeeded), with the reason. An error status means that there is no
  // campaign (a plan that does not fit these agents) or that the store failed.
  absl::StatusOr<CampaignRecord> Run(const Plan& plan, const std::string& plan_text,
                                     const std::string& label);

  // Goes on with one that ended early: what was measured stays, failed and missing executions are
  // made, those of targets that were not installed then too. FAILED_PRECONDITION when it is complete
  // and nothing of it failed, still runs elsewhere, or was begun on other machines than these agents are on.
  absl::StatusOr<CampaignRecord> Resume(CampaignRecord campaign);

 private:
  struct Task {
    ScheduledExecution execution;
    uint32_t attempt = 0;
  };

  absl::StatusOr<CampaignRecord> Carry(CampaignRecord campaign, const std::vector<Task>& tasks);
  // OK to go on; else why the campaign ends here.
  absl::Status Execute(const CampaignRecord& campaign, const std::vector<Task>& tasks);
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

#ifndef ASSAY_CONTROLLER_CAMPAIGN_EXECUTION_RUNNER_H_
#define ASSAY_CONTROLLER_CAMPAIGN_EXECUTION_RUNNER_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "controller/campaign/agent_pool.h"
#include "controller/campaign/interruption.h"
#include "controller/plan/cells.h"
#include "controller/store/store.h"
#include "proto/plan.pb.h"
#include "proto/results.pb.h"

namespace assay::controller {

// The lease of each part of an execution: an agent that grants none for as long is lost.
inline constexpr absl::Duration kJobLease = absl::Seconds(10);

// What one execution left: ready for Store::CommitExecution. Its chunks are staged already.
struct FinishedExecution {
  ExecutionRecord record;
  std::vector<ChunkRef> chunks;
  std::vector<LoadInterval> seconds;
  // Of a profiled one.
  std::vector<ProfileChunk> profile;
};

// Makes executions over the agents of a pool: start the server, verify it, open the connections of
// every load agent, start them together, wait, fetch all samples, stop everything.
//
// Threads: one execution at a time.
class ExecutionRunner {
 public:
  // `plan` has its defaults filled in. All must outlive it.
  // `quiet`: the share of their time that the load's CPUs may lose to others before a window begins.
  ExecutionRunner(const Plan& plan, std::string campaign_id, AgentPool& pool, Store& store,
                  Interruption& interruption, double quiet);

  // Makes one. Where the load's CPUs are not quiet before its window, it is begun again a little later,
  // which what it measures has no job in (ExecutionRecord.disturbed_starts). What goes wrong with a server or an agent
  // is a result: a record with status FAILED and what, where and why. An error status means that the campaign cannot go
  // on: an interruption, or a store that fails.
  absl::StatusOr<FinishedExecution> Run(const ScheduledExecution& scheduled, uint32_t attempt);

 private:
  class Attempt;

  const Plan& plan_;
  const std::string campaign_id_;
  AgentPool& pool_;
  Store& store_;
  Interruption& interruption_;
  const double quiet_;
  // Some are waited out. With more of them the machine is such a one, which is a matter for the gate.
  int disturbances_left_ = 8;
};

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_CAMPAIGN_EXECUTION_RUNNER_H_

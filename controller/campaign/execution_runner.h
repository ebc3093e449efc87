#ifndef ASSAY_CONTROLLER_CAMPAIGN_EXECUTION_RUNNER_H_
#define ASSAY_CONTROLLER_CAMPAIGN_EXECUTION_RUNNER_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "controller/campaign/agent_pool.h"
#include "controller/campaign/interruption.h"
#include "controller/plan/cells.h"
#include "controller/store/store.h"
#include "proto/plan.pb.h"
#include "proto/results.pb.h"

namespace assay::controller {

// The lease of each job of an execution. An agent that grants none for this long is lost.
inline constexpr absl::Duration kJobLease = absl::Seconds(10);

// One execution to make, and the number of attempts before it.
struct ExecutionTask {
  ScheduledExecution execution;
  uint32_t attempt = 0;
};

// A finished execution, ready for Store::CommitExecution(). Its chunks are already staged in the store.
struct FinishedExecution {
  ExecutionRecord record;
  std::vector<ChunkRef> chunks;
  std::vector<LoadInterval> seconds;
  // Empty unless the execution is profiled.
  std::vector<ProfileChunk> profile;
};

// Makes executions with the agents of a pool. An execution starts and verifies the server, opens the
// connections of every load agent, starts all load agents together, waits for their end, fetches all
// samples and stops everything. The executions of an interleaved unit do each of these steps together, and their loads
// take turns in slots.
//
// Threads: makes one unit at a time.
class ExecutionRunner {
 public:
  // `plan` has its defaults filled in, and may change between calls of Run(). All references must outlive this object.
  // `quiet`: the largest share of their time that the load's CPUs may lose to other work before a window starts.
  ExecutionRunner(const Plan& plan, std::string campaign_id, AgentPool& pool, Store& store,
                  Interruption& interruption, double quiet);

  // Makes the executions of one unit (ScheduledExecution.unit) and returns them in its order. If the load's CPUs are not
  // quiet before the window, they start again a little later; the abandoned start contributes nothing to the result, and
  // ExecutionRecord.disturbed_starts counts it. If responses outlast the drains of interleaved slots, they start again:
  // in the first block of a workload and level with longer slots, in later blocks once more with the slots of the first,
  // so that all blocks that are compared have slots of one length.
  // A failure of a server or an agent is a result: a record with status FAILED that says what failed, where and why; the
  // other executions of the unit go on. An error status means that the campaign cannot continue, because of an
  // interruption or a store failure.
  absl::StatusOr<std::vector<FinishedExecution>> Run(absl::Span<const ExecutionTask> unit);

  // Units of the same workload and level get slots as long as those of this stored execution. Executions without slots
  // and executions that failed have no effect.
  void KeepSlotsOf(const ExecutionRecord& stored);

 private:
  class Attempt;
  class UnitRun;

  const Plan& plan_;
  const std::string campaign_id_;
  AgentPool& pool_;
  Store& store_;
  Interruption& interruption_;
  const double quiet_;
  // How many more disturbances to wait for. After that, the machine counts as permanently busy, and the gate judges it.
  int disturbances_left_ = 8;
  // How much longer than usual the slots of a workload and level are, by UnitKeyOf(), once one of its units was measured.
  absl::flat_hash_map<std::string, uint32_t> stretch_;
};

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_CAMPAIGN_EXECUTION_RUNNER_H_

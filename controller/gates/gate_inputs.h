#ifndef ASSAY_CONTROLLER_GATES_GATE_INPUTS_H_
#define ASSAY_CONTROLLER_GATES_GATE_INPUTS_H_

#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "analysis/gates.h"
#include "proto/plan.pb.h"
#include "proto/results.pb.h"
#include "proto/samples.pb.h"

namespace assay::controller {

// The figures that gates judge, from stored records. Nothing here searches texts written for people, except in records
// of versions that counted failures by name only.

// What an execution took of what the executions of one group share. The counters of a host or a CPU count it for all of
// them.
struct SharedUse {
  // CPU time of its server, and of each load agent in the order of ExecutionRecord.loads: no foreign time of the others.
  int64_t server_ns = 0;
  std::vector<int64_t> load_ns;
  // Requests that succeeded or failed. A sum of counts that an agent reported; it cannot overflow a double.
  double requests = 0;

  SharedUse& operator+=(const SharedUse& other);
  SharedUse& operator-=(const SharedUse& other);
};
SharedUse SharedUseOf(const ExecutionRecord& execution);
// Number of executions in the group of an execution, failed ones included; 1 without a group.
int GroupSizeOf(const ExecutionRecord& execution);

// What is known of an execution beyond its own record.
struct ExecutionContext {
  // The sum over the other executions of its group. Empty without a group.
  SharedUse siblings;
  // False if an execution of its group failed: its use is not known. Its CPU time would count as that of other programs,
  // and the host's counters would belong to fewer requests than they do.
  bool siblings_known = true;
  // The median latency of each interval or slot, in the order of time. Empty: not known.
  std::vector<double> interval_medians;
};

// The medians of the intervals of one execution, from the records of all its load agents. Empty if a histogram cannot be
// read, or if fewer intervals than the gate `not_steady` needs have a median.
std::vector<double> IntervalMedians(absl::Span<const WindowSecond* const> intervals);
// Whether an execution has enough intervals for the function above.
bool HasManyIntervals(const ExecutionRecord& execution);

// All figures of one measured execution that follow from its record and its plan. `agents` are the agents of its campaign.
ExecutionFigures FiguresToJudge(const Plan& plan, const ExecutionRecord& execution,
                                const std::vector<const AgentRecord*>& agents);
// Adds those that follow from its context.
void AddContext(const ExecutionContext& context, ExecutionFigures* figures);

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_GATES_GATE_INPUTS_H_

#ifndef ASSAY_AGENT_JOBS_CPU_LEDGER_H_
#define ASSAY_AGENT_JOBS_CPU_LEDGER_H_

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "common/cpu_set.h"

namespace assay::agent {

// Who of this agent's jobs is pinned where, so that no two measurements spoil each other.
//
// Jobs of different executions never share a CPU. The two jobs of one execution share one only where the plan names
// it, or where the host has nothing else to give; what each really got is in its Ready, and a gate of the result
// judges it.
//
// Threads: any.
class CpuLedger {
 public:
  struct Claim {
    std::string execution_id;
    // The owner's own name for it, which ends with the id: "server of execution 1f2e".
    std::string holder;
    CpuSet cpus;
  };

  // `all`: what this agent may use. `own_changed` is told whenever a claim is made or given back, with all that is
  // claimed: the agent's own threads keep off those. It is called one at a time.
  CpuLedger(CpuSet all, std::function<void(const CpuSet& claimed)> own_changed);

  // Claims `wanted`, or `fallback` where that is empty. kInvalidArgument: a list that cannot be read, or a CPU that
  // the agent does not have (names those it has). kResourceExhausted: in use; what it says of the holder is enough to
  // find it and too little to speak for it, since another's execution id opens its streams.
  absl::StatusOr<CpuSet> Take(std::string_view wanted, const CpuSet& fallback,
                              std::string_view execution_id, std::string_view holder);
  // Gives back what `holder` has; harmless where it has nothing.
  void Return(std::string_view holder);

  const CpuSet& all() const { return all_; }
  CpuSet Claimed() const;

 private:
  CpuSet ClaimedLocked() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const CpuSet all_;
  const std::function<void(const CpuSet&)> own_changed_;
  mutable absl::Mutex mutex_;
  std::vector<Claim> claims_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace assay::agent

#endif  // ASSAY_AGENT_JOBS_CPU_LEDGER_H_

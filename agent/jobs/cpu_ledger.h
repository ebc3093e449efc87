#ifndef ASSAY_AGENT_JOBS_CPU_LEDGER_H_
#define ASSAY_AGENT_JOBS_CPU_LEDGER_H_

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "common/cpu_set.h"
#include "proto/agent.pb.h"

namespace assay::agent {

// Which of this agent's jobs is pinned to which CPUs, so that no two measurements disturb each other.
//
// Jobs of different executions never share a CPU, unless they are of one group: these take turns in slots, so jobs of
// one role share CPUs freely. A server and a load generator of one execution, or of one group, share a CPU only where
// the plan names it, or where the host has nothing else to give; what each really got is in its Ready, and a gate of
// the result judges it.
//
// Threads: any.
class CpuLedger {
 public:
  // A job that asks for CPUs.
  struct Claimant {
    std::string execution_id;
    JobId::Role role = JobId::ROLE_UNSPECIFIED;
    // As in OpenRequest; empty: none.
    std::string group;
    // The job's name for people, unique in this agent. It ends with the id: "server of execution 1f2e".
    std::string name;

    static Claimant Of(const OpenRequest& request, std::string name);
  };

  // Maximum jobs of one role in a group. Each is a process with its connections that stays alive while others are
  // measured, so this bounds the memory and the descriptors that one interleaved block takes. It is far more than the
  // targets that a comparison can tell apart: Bonferroni's correction grows with them.
  static constexpr size_t kMostGroupJobs = 16;

  // `all`: what this agent may use. `own_changed` is told whenever a claim is made or given back, with all that is
  // claimed: the agent's own threads keep off those. It is called one at a time.
  CpuLedger(CpuSet all, std::function<void(const CpuSet& claimed)> own_changed);

  // Claims `wanted`, or `fallback` where that is empty. kInvalidArgument: a list that cannot be read, or a CPU that
  // the agent does not have (names those it has). kResourceExhausted: in use; what it says of the holder is enough to
  // find it and too little to speak for it, since another's execution id opens its streams. Or the group has
  // kMostGroupJobs jobs of this role.
  absl::StatusOr<CpuSet> Take(std::string_view wanted, const CpuSet& fallback, Claimant claimant);
  // Gives back what the claimant of this name has; harmless where it has nothing.
  void Return(std::string_view name);

  const CpuSet& all() const { return all_; }
  CpuSet Claimed() const;

 private:
  struct Claim {
    Claimant holder;
    CpuSet cpus;
  };

  bool MayShare(const Claimant& holder, const Claimant& claimant, bool named) const;
  absl::Status CheckGroup(const Claimant& claimant) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  CpuSet ClaimedLocked() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const CpuSet all_;
  const std::function<void(const CpuSet&)> own_changed_;
  mutable absl::Mutex mutex_;
  std::vector<Claim> claims_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace assay::agent

#endif  // ASSAY_AGENT_JOBS_CPU_LEDGER_H_

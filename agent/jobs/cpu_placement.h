#ifndef ASSAY_AGENT_JOBS_CPU_PLACEMENT_H_
#define ASSAY_AGENT_JOBS_CPU_PLACEMENT_H_

#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "common/cpu_set.h"

namespace assay::agent {

// Which CPUs an agent gives to whom where the plan does not say.
struct CpuPlacement {
  // One CPU each: what is compared is compared on the same footing. The same one only where there is no other.
  CpuSet server;
  CpuSet load;
};

// Chooses among `all`, not empty. Where there are three or more, the first is left to the agent and the interrupts.
// `siblings` gives to a CPU those that share its core; server and load are put on different cores where possible, and
// off the agent's. Deterministic.
CpuPlacement ChoosePlacement(const CpuSet& all, const std::map<int, CpuSet>& siblings);

// The CPUs that share a core with each of `cpus`, itself included, as the kernel tells it; a CPU of which it tells
// nothing stands alone.
std::map<int, CpuSet> ReadSiblings(const CpuSet& cpus);

// Moves every thread of this process to those of `all` that are not in `claimed`, or to all where none is left; what
// they start inherits that. Threads that end meanwhile do not matter.
void KeepOwnThreadsOff(const CpuSet& all, const CpuSet& claimed);

}  // namespace assay::agent

#endif  // ASSAY_AGENT_JOBS_CPU_PLACEMENT_H_

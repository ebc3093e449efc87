#ifndef ASSAY_AGENT_LAUNCHER_STRAYS_H_
#define ASSAY_AGENT_LAUNCHER_STRAYS_H_

#include <sys/types.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "agent/launcher/spawn.h"

namespace assay::agent {

// Where a system allows no PID namespace, daemons of a program outlive its launch program when that and the guard are
// killed in the same instant. A process that adopts strays inherits them then (PR_SET_CHILD_SUBREAPER), and can kill them.
//
// Threads: all may be called from any.

// From here on this process adopts strays. REQUIRES: whatever it starts, it starts by SpawnKnown().
void AdoptStrays();

// Spawn(), and remembers that the child is no stray.
absl::StatusOr<Spawned> SpawnKnown(const std::vector<std::string>& argv,
                                   const std::vector<std::pair<int, int>>& descriptors);
// Waits for such a child, which has ended, and forgets it.
void WaitForKnown(pid_t pid);

// Kills and waits for all strays and what is below them: every one was lost by an execution whose launch program is gone.
// Whether none is left; gives up after `limit`. True where this process does not adopt any.
bool KillStrays(absl::Duration limit);

}  // namespace assay::agent

#endif  // ASSAY_AGENT_LAUNCHER_STRAYS_H_

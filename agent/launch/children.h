#ifndef ASSAY_AGENT_LAUNCH_CHILDREN_H_
#define ASSAY_AGENT_LAUNCH_CHILDREN_H_

#include "absl/time/time.h"

namespace assay::agent {

// Kills and waits for every child of this process. Since this process is a subreaper, it inherits the children of each
// killed process, and kills those too, until none is left. It kills only its own children: their pids cannot be reused
// before it has waited for them, so it never kills an unrelated process. Returns whether none is left; gives up after
// `limit`, for example if a process is stuck in the kernel.
//
// REQUIRES: SIGCHLD is blocked; the process has one thread.
bool KillChildrenUntilNone(absl::Duration limit);

}  // namespace assay::agent

#endif  // ASSAY_AGENT_LAUNCH_CHILDREN_H_

#ifndef ASSAY_AGENT_LAUNCH_CHILDREN_H_
#define ASSAY_AGENT_LAUNCH_CHILDREN_H_

#include "absl/time/time.h"

namespace assay::agent {

// Kills and waits for every child of this process, and, since this process is a subreaper, for
// every generation below, as each inherits to it when its parent goes. Only its own children are
// killed: their pids cannot be used again before it has waited for them, so nobody else's process
// is ever hit. Returns whether none is left; gives up after `limit`, as on a process that is stuck
// in the kernel.
//
// REQUIRES: SIGCHLD is blocked; the process has one thread.
bool KillChildrenUntilNone(absl::Duration limit);

}  // namespace assay::agent

#endif  // ASSAY_AGENT_LAUNCH_CHILDREN_H_

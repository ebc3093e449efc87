#ifndef ASSAY_AGENT_LAUNCH_KEEPER_H_
#define ASSAY_AGENT_LAUNCH_KEEPER_H_

#include "agent/launch/launch_request.h"

namespace assay::agent {

// launch's own process, once it knows what to do: makes the namespace and the guard, passes reports
// up and commands down, and when the guard or whoever asked is gone, kills the whole tree.
//
// Returns when the tree is gone: as a shell would say how the program ended (128 + the signal's
// number), 127 when it did not start. Reports go to request.control_fd; without one, failures go to
// standard error.
//
// REQUIRES: one thread. Call once in a process.
int RunKeeper(const LaunchRequest& request);

}  // namespace assay::agent

#endif  // ASSAY_AGENT_LAUNCH_KEEPER_H_

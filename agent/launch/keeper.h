#ifndef ASSAY_AGENT_LAUNCH_KEEPER_H_
#define ASSAY_AGENT_LAUNCH_KEEPER_H_

#include "agent/launch/launch_request.h"

namespace assay::agent {

// Runs the keeper, the main process of `launch`. It creates the namespace and the guard, forwards reports and commands,
// and kills the whole tree when the guard or the process at the other end of request.control_fd is gone.
//
// Returns when the tree is gone, with a shell's exit status for the program (128 + the signal number for a signal), or
// 127 if the program did not start. Reports go to request.control_fd; without one, failures go to standard error.
//
// REQUIRES: one thread. Call once in a process.
int RunKeeper(const LaunchRequest& request);

}  // namespace assay::agent

#endif  // ASSAY_AGENT_LAUNCH_KEEPER_H_

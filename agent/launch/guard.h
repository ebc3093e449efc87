#ifndef ASSAY_AGENT_LAUNCH_GUARD_H_
#define ASSAY_AGENT_LAUNCH_GUARD_H_

#include "agent/launch/launch_request.h"
#include "agent/launch/program.h"
#include "common/unique_fd.h"

namespace assay::agent {

// Runs the guard, the process between keeper and program. It is the program's parent. It is the first process of the
// PID namespace if there is one, else a subreaper. It waits for the program and every orphan of the tree, and reports
// to the keeper how the program ended (kEnded with wait_status). Then, or when the keeper closes its end of `keeper`,
// it kills the remaining processes and ends.
//
// `program_keeper` is the program's socket to the keeper. Call it in a new child of the keeper. Never returns.
[[noreturn]] void RunGuard(const LaunchRequest& request, const Program& program, bool own_namespace,
                           UniqueFd keeper, UniqueFd program_keeper);

}  // namespace assay::agent

#endif  // ASSAY_AGENT_LAUNCH_GUARD_H_

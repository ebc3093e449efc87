#ifndef ASSAY_AGENT_LAUNCH_GUARD_H_
#define ASSAY_AGENT_LAUNCH_GUARD_H_

#include "agent/launch/launch_request.h"
#include "agent/launch/program.h"
#include "common/unique_fd.h"

namespace assay::agent {

// The process between keeper and program: the program's parent, and the first process of its PID
// namespace where there is one, else a subreaper. It waits for the program and every orphan of the
// tree, and tells the keeper how the program ended (kEnded with wait_status). Then, or when the
// keeper's end of `keeper` closes, it kills what is left and ends.
//
// `program_keeper` is the program's socket to the keeper. Call in a fresh child of the keeper;
// never returns.
[[noreturn]] void RunGuard(const LaunchRequest& request, const Program& program, bool own_namespace,
                           UniqueFd keeper, UniqueFd program_keeper);

}  // namespace assay::agent

#endif  // ASSAY_AGENT_LAUNCH_GUARD_H_

#ifndef ASSAY_AGENT_LAUNCHER_LAUNCH_FAILURE_H_
#define ASSAY_AGENT_LAUNCHER_LAUNCH_FAILURE_H_

#include <string>

#include "absl/status/status.h"
#include "agent/launch/launch_protocol.h"
#include "common/cpu_set.h"

namespace assay::agent {

// What a report of kFailed means to people: which program, which step, why, and what to do.
//
// `program` is as the options name it, `folder` its working directory, `cpus` what it was to be pinned to.
absl::Status LaunchFailure(const LaunchReport& report, const std::string& program,
                           const std::string& folder, const CpuSet& cpus);

}  // namespace assay::agent

#endif  // ASSAY_AGENT_LAUNCHER_LAUNCH_FAILURE_H_

#ifndef ASSAY_AGENT_LAUNCHER_LAUNCH_FAILURE_H_
#define ASSAY_AGENT_LAUNCHER_LAUNCH_FAILURE_H_

#include <string>

#include "absl/status/status.h"
#include "agent/launch/launch_protocol.h"
#include "common/cpu_set.h"

namespace assay::agent {

// Converts a kFailed report to an error for people: which program, which step, why, and what to do.
//
// `program` is the name from the options, `folder` its working directory, `cpus` the CPUs to pin it to.
absl::Status LaunchFailure(const LaunchReport& report, const std::string& program,
                           const std::string& folder, const CpuSet& cpus);

}  // namespace assay::agent

#endif  // ASSAY_AGENT_LAUNCHER_LAUNCH_FAILURE_H_

#ifndef ASSAY_AGENT_TELEMETRY_THROTTLING_H_
#define ASSAY_AGENT_TELEMETRY_THROTTLING_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "common/cpu_set.h"

namespace assay::agent {

// How often `cpus` were throttled because they or their package were too hot, since the machine started: the sum of
// /sys/devices/system/cpu/cpuN/thermal_throttle/{core,package}_throttle_count. An event of a package counts once for
// each of its CPUs in `cpus`. An error if a counter of a CPU cannot be read: virtual machines and many processors have
// none. `root` is prepended to every path ("" for the machine, a folder of copies in a test).
absl::StatusOr<int64_t> ReadThrottleCount(const CpuSet& cpus, const std::string& root = "");

}  // namespace assay::agent

#endif  // ASSAY_AGENT_TELEMETRY_THROTTLING_H_

#ifndef ASSAY_AGENT_TELEMETRY_ENVIRONMENT_VALUES_H_
#define ASSAY_AGENT_TELEMETRY_ENVIRONMENT_VALUES_H_

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace assay::agent {

// Reading what the kernel writes for people. Text in, value out; kNotFound when the text does not say it.

// The first value of a key of /proc/cpuinfo or /proc/meminfo: "model name" gives "AMD EPYC".
absl::StatusOr<std::string> ColonValue(std::string_view text, std::string_view key);

// "madvise" of "always [madvise] never".
absl::StatusOr<std::string> SelectedOption(std::string_view text);

// "soft 1024, hard 524288" of the line that begins with `name` ("Max open files") in /proc/PID/limits.
absl::StatusOr<std::string> Limit(std::string_view limits, std::string_view name);

// One value for all CPUs ("performance"), or each group's ("0-1: powersave; 2: performance").
std::string ByCpu(const std::map<int, std::string>& values);

// What needs mitigation: "meltdown: Mitigation: PTI; ..." without those that do not affect the machine.
std::string Mitigations(const std::map<std::string, std::string>& vulnerabilities);

// A control group's place below the mount of its hierarchy.
struct CgroupPath {
  bool unified = false;
  // Of the CPU controller, in the old hierarchies the one of "cpu".
  std::string path;
};

// Where /proc/PID/cgroup says that the process's CPU quota is set: in the old hierarchy of "cpu" where there is one,
// else in the unified one.
absl::StatusOr<CgroupPath> CpuCgroup(std::string_view text);

// CPUs that "max 100000" or "150000 100000" of cpu.max grant; nothing where there is no quota. The same for the old
// hierarchy's two files joined by a space, where -1 is no quota.
absl::StatusOr<std::optional<double>> CpuQuota(std::string_view cpu_max);

}  // namespace assay::agent

#endif  // ASSAY_AGENT_TELEMETRY_ENVIRONMENT_VALUES_H_

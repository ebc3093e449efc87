#ifndef ASSAY_AGENT_TELEMETRY_ENVIRONMENT_VALUES_H_
#define ASSAY_AGENT_TELEMETRY_ENVIRONMENT_VALUES_H_

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace assay::agent {

// Parsers for the kernel's text files. Each returns kNotFound if the text does not contain the value.

// The first value of a key of /proc/cpuinfo or /proc/meminfo: "model name" gives "AMD EPYC".
absl::StatusOr<std::string> ColonValue(std::string_view text, std::string_view key);

// "madvise" of "always [madvise] never".
absl::StatusOr<std::string> SelectedOption(std::string_view text);

// "soft 1024, hard 524288" of the line that begins with `name` ("Max open files") in /proc/PID/limits.
absl::StatusOr<std::string> Limit(std::string_view limits, std::string_view name);

// One value if all CPUs have the same ("performance"), else one per group ("0-1: powersave; 2: performance").
std::string ByCpu(const std::map<int, std::string>& values);

// Vulnerabilities of the machine with their state: "meltdown: Mitigation: PTI; ...". Omits those that do not affect it.
std::string Mitigations(const std::map<std::string, std::string>& vulnerabilities);

// The path of a control group below the mount point of its hierarchy.
struct CgroupPath {
  bool unified = false;
  // Path of the group with the CPU controller; with cgroup v1, in the hierarchy "cpu".
  std::string path;
};

// The group that sets the process's CPU quota, from /proc/PID/cgroup: in the cgroup v1 hierarchy "cpu" if there is one,
// else in the unified hierarchy.
absl::StatusOr<CgroupPath> CpuCgroup(std::string_view text);

// The number of CPUs that cpu.max grants ("150000 100000"); nullopt if there is no quota ("max 100000"). Also accepts
// the two files of cgroup v1 joined by a space, where -1 means no quota.
absl::StatusOr<std::optional<double>> CpuQuota(std::string_view cpu_max);

}  // namespace assay::agent

#endif  // ASSAY_AGENT_TELEMETRY_ENVIRONMENT_VALUES_H_

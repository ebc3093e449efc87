#ifndef ASSAY_AGENT_PROFILER_PROFILE_ABILITIES_H_
#define ASSAY_AGENT_PROFILER_PROFILE_ABILITIES_H_

#include <string>
#include <vector>

#include "agent/telemetry/perf_abilities.h"

namespace assay::agent {

// The data that a profile of this process's children can contain on this host, with reason and remedy for what it
// cannot.
struct ProfileAbilities {
  // The events that sample on-CPU time, in the profiler's order of preference.
  std::vector<agent::PerfAbility> events;
  // "off_cpu": whether switches away from the CPU can be sampled.
  agent::PerfAbility off_cpu;
  // "kernel_names": whether names of kernel functions are available.
  agent::PerfAbility kernel_names;
  // "syscalls": whether system calls can be counted by name.
  agent::PerfAbility syscalls;
};

// Tries each feature on this process with the profiler's settings (registers, stack), and closes it at once. Cost: a
// few milliseconds, mostly for the system call tracepoint.
ProfileAbilities TryProfileAbilities();

// Whether the text of /proc/kallsyms, or its first 64 KiB, contains addresses.
agent::PerfAbility KernelNamesIn(const std::string& kallsyms);

}  // namespace assay::agent

#endif  // ASSAY_AGENT_PROFILER_PROFILE_ABILITIES_H_

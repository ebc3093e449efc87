#ifndef ASSAY_AGENT_PROFILER_PROFILE_ABILITIES_H_
#define ASSAY_AGENT_PROFILER_PROFILE_ABILITIES_H_

#include <string>
#include <vector>

#include "agent/telemetry/perf_abilities.h"

namespace assay::agent {

// What a profile of this process's children can hold on this host; where it cannot, why, and what would allow it.
struct ProfileAbilities {
  // The events that sample time on the CPU, in the order in which a profiler prefers them.
  std::vector<agent::PerfAbility> events;
  // "off_cpu": whether switches away from the CPU are sampled.
  agent::PerfAbility off_cpu;
  // "kernel_names": whether the kernel's functions have names.
  agent::PerfAbility kernel_names;
  // "syscalls": whether system calls are counted by name.
  agent::PerfAbility syscalls;
};

// Tries each on this process itself, with what a profiler asks for (registers, stack), and ends it at once. Cost: some
// milliseconds, most of them for the tracepoint of system calls.
ProfileAbilities TryProfileAbilities();

// Whether the text of /proc/kallsyms, or the first 64 KiB of it, names addresses.
agent::PerfAbility KernelNamesIn(const std::string& kallsyms);

}  // namespace assay::agent

#endif  // ASSAY_AGENT_PROFILER_PROFILE_ABILITIES_H_

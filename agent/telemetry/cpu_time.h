#ifndef ASSAY_AGENT_TELEMETRY_CPU_TIME_H_
#define ASSAY_AGENT_TELEMETRY_CPU_TIME_H_

#include <cstdint>
#include <map>
#include <string_view>

#include "absl/status/statusor.h"
#include "common/cpu_set.h"

namespace assay::agent {

// Time of CPUs by kind, from /proc/stat, which counts in ticks of 10 ms. Each value is the time since the machine
// started; subtract two readings to get the time between them.
struct CpuTime {
  // User, nice and system time of processes, including guests.
  int64_t processes_ns = 0;
  // Hard and soft interrupts; they include much of a server's network processing.
  int64_t interrupts_ns = 0;
  // Idle and waiting for disks.
  int64_t idle_ns = 0;
  // Time in which the hypervisor ran another virtual machine while this one was runnable. 0 if it is not reported.
  int64_t steal_ns = 0;
  // Whether the kernel excludes interrupts from the CPU clock of the interrupted process (CONFIG_IRQ_TIME_ACCOUNTING).
  // Detected by a nonzero time of hard interrupts: without this option time is sampled by ticks, which are hard
  // interrupts themselves, so that this time is always 0.
  bool interrupts_apart = false;

  CpuTime& operator+=(const CpuTime& other);
  // Never negative, although the kernel's idle counters may decrease.
  CpuTime operator-(const CpuTime& earlier) const;
  bool operator==(const CpuTime& other) const = default;
};

// Times by CPU number, without offline CPUs. kInvalidArgument: not the text of /proc/stat.
absl::StatusOr<std::map<int, CpuTime>> ParseCpuTimes(std::string_view proc_stat);

// The current sum over `cpus`. kNotFound names the CPUs that do not exist.
absl::StatusOr<CpuTime> ReadCpuTime(const CpuSet& cpus);

// Time that CPUs spent outside a process tree. `passed` is the time of the CPUs between two readings, `tree_cpu_ns` the
// CPU time of the tree on them. The result is processes_ns minus tree_cpu_ns, plus interrupts_ns if the tree's clock
// includes interrupts. If it does not, interrupts cannot be attributed and do not count as foreign. Never negative. The
// error is up to about 20 ms per CPU, because both readings fall between ticks.
int64_t ForeignNanos(const CpuTime& passed, int64_t tree_cpu_ns);

}  // namespace assay::agent

#endif  // ASSAY_AGENT_TELEMETRY_CPU_TIME_H_

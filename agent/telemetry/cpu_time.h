#ifndef ASSAY_AGENT_TELEMETRY_CPU_TIME_H_
#define ASSAY_AGENT_TELEMETRY_CPU_TIME_H_

#include <cstdint>
#include <map>
#include <string_view>

#include "absl/status/statusor.h"
#include "common/cpu_set.h"

namespace assay::agent {

// Where the time of CPUs went, from /proc/stat, which counts in ticks of 10 ms. Each kind is time since the machine
// started; two readings subtracted are what passed between.
struct CpuTime {
  // User, nice and system: processes, those of guests included.
  int64_t processes_ns = 0;
  // Interrupts, soft ones included: a good part of a server's network work.
  int64_t interrupts_ns = 0;
  // Idle and waiting for disks.
  int64_t idle_ns = 0;
  // Ran another virtual machine while this one wanted to run. Reads 0 where the host does not tell.
  int64_t steal_ns = 0;
  // Whether the kernel keeps interrupts apart from the CPU clock of the process that they interrupt
  // (CONFIG_IRQ_TIME_ACCOUNTING). Told by hard interrupts having time at all: where time is only sampled by ticks,
  // which are hard interrupts themselves, they never have any.
  bool interrupts_apart = false;

  CpuTime& operator+=(const CpuTime& other);
  // Never negative: the kernel's idle counters may step back.
  CpuTime operator-(const CpuTime& earlier) const;
  bool operator==(const CpuTime& other) const = default;
};

// By CPU number; CPUs that are offline are missing. kInvalidArgument when it is not the text of /proc/stat.
absl::StatusOr<std::map<int, CpuTime>> ParseCpuTimes(std::string_view proc_stat);

// The sum over `cpus`, now. kNotFound names CPUs that are not there.
absl::StatusOr<CpuTime> ReadCpuTime(const CpuSet& cpus);

// Time in which CPUs ran something else than the process tree that used `tree_cpu_ns` on them while `passed` did:
// processes less the tree's, and interrupts too where they are part of the tree's clock. Never negative, and good to
// about 20 ms a CPU, as both ends fall between ticks. Where interrupts are kept apart nobody knows for whom they were:
// they are not foreign then.
int64_t ForeignNanos(const CpuTime& passed, int64_t tree_cpu_ns);

}  // namespace assay::agent

#endif  // ASSAY_AGENT_TELEMETRY_CPU_TIME_H_

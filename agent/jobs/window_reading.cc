#include "agent/jobs/window_reading.h"

#include "common/status_macros.h"

namespace assay::agent {

absl::StatusOr<WindowReading> ReadUsage(pid_t guard, const CpuSet& cpus) {
  WindowReading reading;
  ASSAY_ASSIGN_OR_RETURN(reading.tree, ReadTreeUsage(guard));
  reading.cpus = ReadCpuTime(cpus);
  reading.network = ReadNetworkCounters();
  return reading;
}

CpusBetween PassedBetween(const absl::StatusOr<CpuTime>& begin, const absl::StatusOr<CpuTime>& end,
                          int64_t tree_cpu_ns) {
  CpusBetween between;
  if (!begin.ok() || !end.ok()) return between;
  const CpuTime passed = *end - *begin;
  between.steal_ns = passed.steal_ns;
  between.foreign_ns = ForeignNanos(passed, tree_cpu_ns);
  return between;
}

}  // namespace assay::agent

#include "agent/jobs/window_reading.h"

#include <optional>

#include "agent/telemetry/throttling.h"
#include "common/status_macros.h"

namespace assay::agent {

absl::StatusOr<WindowReading> ReadUsage(pid_t guard, const CpuSet& cpus) {
  WindowReading reading;
  ASSAY_ASSIGN_OR_RETURN(reading.tree, ReadTreeUsage(guard));
  reading.cpus = ReadCpuTime(cpus);
  reading.network = ReadNetworkCounters();
  reading.throttled = ReadThrottleCount(cpus);
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

ServerFinished FiguresBetween(const WindowReading& begin, const WindowReading& end) {
  const TreeUsage used = UsageBetween(begin.tree, end.tree);
  const CpusBetween cpus = PassedBetween(begin.cpus, end.cpus, used.cpu_ns);
  ServerFinished finished;
  finished.set_cpu_ns(used.cpu_ns);
  finished.set_window_ns(end.tree.cpu_at_ns - begin.tree.cpu_at_ns);
  finished.set_cpu_begin_ns(begin.tree.cpu_at_ns);
  finished.set_cpu_end_ns(end.tree.cpu_at_ns);
  finished.set_tree_incomplete(!used.complete);
  finished.set_rss_bytes(used.rss_bytes);
  finished.set_peak_rss_bytes(used.peak_rss_bytes);
  finished.set_steal_ns(cpus.steal_ns);
  finished.set_foreign_ns(cpus.foreign_ns);
  if (begin.network.ok() && end.network.ok()) {
    for (const auto& [name, count] : CountedBetween(*begin.network, *end.network)) {
      (*finished.mutable_network_counters())[name] = count;
    }
  }
  if (begin.throttled.ok() && end.throttled.ok()) {
    (*finished.mutable_host_counters())["cpu.throttled"] = *end.throttled - *begin.throttled;
  }
  finished.set_voluntary_switches(used.voluntary_switches);
  finished.set_involuntary_switches(used.involuntary_switches);
  const std::optional<int64_t> run_delay_ns = RunDelayBetween(begin.tree, end.tree);
  if (run_delay_ns.has_value()) finished.set_run_delay_ns(*run_delay_ns);
  finished.set_actual_cpus(used.allowed_cpus.ToString());
  finished.set_minor_faults(used.minor_faults);
  finished.set_major_faults(used.major_faults);
  return finished;
}

}  // namespace assay::agent

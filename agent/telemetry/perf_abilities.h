#ifndef ASSAY_AGENT_TELEMETRY_PERF_ABILITIES_H_
#define ASSAY_AGENT_TELEMETRY_PERF_ABILITIES_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/types/span.h"

namespace assay::agent {

// A kind of perf event that can sample CPU time, as in perf_event_attr.
struct PerfEventKind {
  // "cycles", "cycles:u", "cpu-clock", "cpu-clock:u" (":u": user space only).
  const char* name;
  uint32_t type;
  uint64_t config;
  bool user_only;
};

// In the profiler's order of preference.
absl::Span<const PerfEventKind> PerfEventLadder();

// Whether this process may use a feature of a profile on the processes that it starts.
struct PerfAbility {
  // PerfEventKind::name, or the name of another feature.
  std::string name;
  bool available = false;
  // If not available: errno's text with its meaning here, and what to do about it.
  std::string reason;
  std::string remedy;
};

// Explains why an event could not be opened and what to do, from errno and the value of
// /proc/sys/kernel/perf_event_paranoid (empty: unknown).
PerfAbility ExplainPerfError(std::string name, int error, std::string_view paranoid);

}  // namespace assay::agent

#endif  // ASSAY_AGENT_TELEMETRY_PERF_ABILITIES_H_

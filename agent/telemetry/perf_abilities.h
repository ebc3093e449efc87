#ifndef ASSAY_AGENT_TELEMETRY_PERF_ABILITIES_H_
#define ASSAY_AGENT_TELEMETRY_PERF_ABILITIES_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/types/span.h"

namespace assay::agent {

// A kind of perf event that can sample where time goes, as perf_event_attr has it.
struct PerfEventKind {
  // "cycles", "cycles:u", "cpu-clock", "cpu-clock:u" (":u": user space only).
  const char* name;
  uint32_t type;
  uint64_t config;
  bool user_only;
};

// In the order in which a profiler prefers them.
absl::Span<const PerfEventKind> PerfEventLadder();

// Whether this process may have something that a profile is made of, for processes that it starts.
struct PerfAbility {
  // As PerfEventKind has it, or what else it is.
  std::string name;
  bool available = false;
  // When not: errno's text and what it means here; and what to do about it.
  std::string reason;
  std::string remedy;
};

// Why opening failed and what to do, by errno and the value of /proc/sys/kernel/perf_event_paranoid (empty: unknown).
PerfAbility ExplainPerfError(std::string name, int error, std::string_view paranoid);

}  // namespace assay::agent

#endif  // ASSAY_AGENT_TELEMETRY_PERF_ABILITIES_H_

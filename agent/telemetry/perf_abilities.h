#ifndef ASSAY_AGENT_TELEMETRY_PERF_ABILITIES_H_
#define ASSAY_AGENT_TELEMETRY_PERF_ABILITIES_H_

#include <string>
#include <string_view>
#include <vector>

namespace assay {

// Whether one kind of perf event can be opened by this process for processes that it starts.
struct PerfAbility {
  // "cycles", "cycles:u", "cpu-clock", "cpu-clock:u" (":u": user space only).
  std::string name;
  bool available = false;
  // When not: errno's text and what it means here; and what to do about it.
  std::string reason;
  std::string remedy;
};

// Tries each for this process itself and closes it at once; in the order in which a profiler prefers them.
// Cost: some 100 us.
std::vector<PerfAbility> TryPerfEvents();

// Why opening failed and what to do, by errno and the value of /proc/sys/kernel/perf_event_paranoid (empty: unknown).
PerfAbility ExplainPerfError(std::string name, int error, std::string_view paranoid);

}  // namespace assay

#endif  // ASSAY_AGENT_TELEMETRY_PERF_ABILITIES_H_

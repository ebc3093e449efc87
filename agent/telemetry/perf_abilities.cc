#include "agent/telemetry/perf_abilities.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <string.h>

#include <cstdint>

#include "absl/strings/str_cat.h"

namespace assay::agent {
namespace {

constexpr PerfEventKind kLadder[] = {
    {"cycles", PERF_TYPE_HARDWARE, PERF_COUNT_HW_CPU_CYCLES, false},
    {"cpu-clock", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_CLOCK, false},
    {"cycles:u", PERF_TYPE_HARDWARE, PERF_COUNT_HW_CPU_CYCLES, true},
    {"cpu-clock:u", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_CLOCK, true},
};

}  // namespace

absl::Span<const PerfEventKind> PerfEventLadder() { return kLadder; }

PerfAbility ExplainPerfError(std::string name, int error, std::string_view paranoid) {
  PerfAbility ability = {.name = std::move(name)};
  char text[128];
  ability.reason = absl::StrCat("perf_event_open: ", strerror_r(error, text, sizeof(text)));
  switch (error) {
    case EACCES:
    case EPERM:
      absl::StrAppend(
          &ability.reason, "; kernel.perf_event_paranoid is ",
          paranoid.empty() ? "unknown" : absl::string_view(paranoid.data(), paranoid.size()));
      ability.remedy =
          "sysctl kernel.perf_event_paranoid=1 (2 for events of user space only), or give the "
          "agent "
          "CAP_PERFMON; in a container its seccomp profile must allow perf_event_open too";
      break;
    case ENOENT:
    case ENODEV:
    case EOPNOTSUPP:
      absl::StrAppend(&ability.reason, "; this machine has no hardware counter for it");
      ability.remedy =
          "run on hardware, or on a virtual machine with a PMU; otherwise cpu-clock is used";
      break;
    case ENOSYS:
      absl::StrAppend(&ability.reason,
                      "; the kernel has no perf events, or a seccomp profile blocks them");
      ability.remedy =
          "use a kernel with CONFIG_PERF_EVENTS, or a container whose seccomp profile allows them";
      break;
    case EBUSY:
      absl::StrAppend(&ability.reason, "; another profiler uses the counters");
      ability.remedy = "stop the other profiler, or sysctl kernel.nmi_watchdog=0";
      break;
    case EMFILE:
      ability.remedy = "raise the limit of open files (ulimit -n)";
      break;
    default:
      ability.remedy = "see perf_event_open(2)";
  }
  return ability;
}

}  // namespace assay::agent

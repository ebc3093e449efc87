#ifndef ASSAY_ANALYSIS_PROFILE_PERF_SCRIPT_H_
#define ASSAY_ANALYSIS_PROFILE_PERF_SCRIPT_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "analysis/profile/stack_profile.h"

namespace assay {

// The text of `perf script`, for tools that read it and profiles that it wrote.

// Samples in the order in which they were added, as `perf script --ns` prints them: no CPU, since it
// is not kept; the event of time off the CPU is "off-cpu". Addresses are those in the mapped file.
// What was merged in has no samples and is not written.
std::string PerfScriptText(const StackProfile& profile, std::string_view event);

struct PerfScript {
  StackProfile profile;
  // "cpu-clock", with ":u" where only user space was sampled.
  std::string event;
  // Samples of other events than that; a profile is of one event.
  uint64_t skipped = 0;
  // Of which events: "cpu_atom/cycles/ (12 samples)".
  std::string others;
  // Samples of a recording without stacks: of each there is only the function on top. Of all events.
  uint64_t flat = 0;
  // As perf says (perf script --show-lost-events).
  uint64_t lost = 0;
};

// Reads what perf wrote, or PerfScriptText(), whatever bytes come. A sample weighs its period where the event counts
// time (cpu-clock, task-clock). Of other events all samples together weigh their number / frequency_hz, and each as its
// period; 0: not known. `event` is the one to take, as perf names it; empty: the clock, else the cycles, of which most
// were counted, else the event of most samples.
// kInvalidArgument, with the line, for what is no such text, has no such event, or needs a frequency.
absl::StatusOr<PerfScript> ParsePerfScript(std::string_view text, uint32_t frequency_hz,
                                           std::string_view event = {});

}  // namespace assay

#endif  // ASSAY_ANALYSIS_PROFILE_PERF_SCRIPT_H_

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
  // Samples of other events than the first one; a profile is of one event.
  uint64_t skipped = 0;
};

// Reads what perf wrote, or PerfScriptText(), whatever bytes come. A sample weighs its period where
// the event counts time (cpu-clock, task-clock), else 1 / frequency_hz; 0: not known.
// kInvalidArgument, with the line, for what is no such text, or needs a frequency.
absl::StatusOr<PerfScript> ParsePerfScript(std::string_view text, uint32_t frequency_hz);

}  // namespace assay

#endif  // ASSAY_ANALYSIS_PROFILE_PERF_SCRIPT_H_

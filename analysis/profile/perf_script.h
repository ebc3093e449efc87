#ifndef ASSAY_ANALYSIS_PROFILE_PERF_SCRIPT_H_
#define ASSAY_ANALYSIS_PROFILE_PERF_SCRIPT_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "analysis/profile/stack_profile.h"

namespace assay {

// Writes and reads the text format of `perf script`.

// Samples in the order in which they were added, as `perf script --ns` prints them. There is no CPU, because a
// profile does not keep it. The event of time off the CPU is "off-cpu". Addresses are relative to the mapped file.
// Merged runs have no samples and are not written.
std::string PerfScriptText(const StackProfile& profile, std::string_view event);

struct PerfScript {
  StackProfile profile;
  // "cpu-clock", with ":u" where only user space was sampled.
  std::string event;
  // Samples of other events, which are left out: a profile has one event.
  uint64_t skipped = 0;
  // The names of those events: "cpu_atom/cycles/ (12 samples)".
  std::string others;
  // Samples of a recording without stacks, of all events. Each has only the function on top.
  uint64_t flat = 0;
  // Samples that perf reports as lost (perf script --show-lost-events).
  uint64_t lost = 0;
};

// Reads output of perf or of PerfScriptText(). Any bytes are safe. The weight of a sample is its period if the event
// counts time (cpu-clock, task-clock). For other events, the weights are in proportion to the periods and sum to
// (number of samples) / frequency_hz; 0: not known. `event` is the event to read, as perf names it. Empty: the clock,
// else the cycles event with the highest count, else the event with the most samples.
// kInvalidArgument, with the line, if the text is not valid, does not have the event, or needs a frequency.
absl::StatusOr<PerfScript> ParsePerfScript(std::string_view text, uint32_t frequency_hz,
                                           std::string_view event = {});

}  // namespace assay

#endif  // ASSAY_ANALYSIS_PROFILE_PERF_SCRIPT_H_

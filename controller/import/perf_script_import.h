#ifndef ASSAY_CONTROLLER_IMPORT_PERF_SCRIPT_IMPORT_H_
#define ASSAY_CONTROLLER_IMPORT_PERF_SCRIPT_IMPORT_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "proto/profile.pb.h"
#include "proto/results.pb.h"

namespace assay::controller {

// A profile that perf took during an execution, converted to Assay's format.
struct ImportedProfile {
  // Its notes say that it is imported, from which file, and what was left out.
  ProfileInfo info;
  std::vector<ProfileChunk> chunks;
};

// Reads the output of `perf script`. `name` is its name in notes and errors. The profile's window is from the first
// sample on the CPU to the last one. Requests are estimated from the execution's rate, because perf does not count
// them. `frequency_hz` gives the time per sample if the event does not count time; 0: not known. `event` is the event
// to read if perf recorded several; empty: as ParsePerfScript() chooses. perf does not report whether a stack is
// whole: stacks that end in _start, clone or clone3 count as whole.
// kInvalidArgument, with the line, if the text is not valid, needs a frequency, or has no sample on the CPU.
absl::StatusOr<ImportedProfile> ImportPerfScript(std::string_view text, std::string_view name,
                                                 uint32_t frequency_hz,
                                                 const ExecutionRecord& execution,
                                                 std::string_view event = {});

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_IMPORT_PERF_SCRIPT_IMPORT_H_

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

// A profile that perf took beside an execution, in Assay's own form.
struct ImportedProfile {
  // Says in its notes that it is imported, from what, and what was left out.
  ProfileInfo info;
  std::vector<ProfileChunk> chunks;
};

// Reads the text of `perf script`, named `name` in notes and errors. Its window is from its first sample on the CPU to
// its last, and requests are reckoned at the rate of the execution: perf says nothing of them. `frequency_hz` is what a
// sample stands for where its event does not count time; 0: not known. `event` is the one to take where perf recorded
// several; empty: as ParsePerfScript() chooses. Whether a stack is whole perf does not say:
// those that end in _start, clone or clone3 count as such.
// kInvalidArgument, with the line, where it is no such text, needs a frequency, or has no sample on the CPU.
absl::StatusOr<ImportedProfile> ImportPerfScript(std::string_view text, std::string_view name,
                                                 uint32_t frequency_hz,
                                                 const ExecutionRecord& execution,
                                                 std::string_view event = {});

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_IMPORT_PERF_SCRIPT_IMPORT_H_

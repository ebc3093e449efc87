#ifndef ASSAY_CONTROLLER_EXPORT_PPROF_FILE_H_
#define ASSAY_CONTROLLER_EXPORT_PPROF_FILE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "analysis/profile/stack_profile.h"

namespace assay::controller {

// What a profile file says about how the profile was taken.
struct PprofFacts {
  uint32_t frequency_hz = 0;
  int64_t duration_ns = 0;
  // Wall time of the beginning, since the epoch; 0 if not known.
  int64_t start_unix_ns = 0;
  // Lines for people: "event: cpu-clock".
  std::vector<std::string> comments;
};

// The bytes of a .pb.gz file for `pprof` and `go tool pprof`: samples and nanoseconds on the CPU, and off the CPU if
// there are any. Inlined functions are lines of the location at their address. kInternal if memory runs out.
absl::StatusOr<std::string> PprofFile(const StackProfile& profile, const PprofFacts& facts);

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_EXPORT_PPROF_FILE_H_

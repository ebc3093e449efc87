#ifndef ASSAY_CONTROLLER_EXPORT_PPROF_FILE_H_
#define ASSAY_CONTROLLER_EXPORT_PPROF_FILE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "analysis/profile/stack_profile.h"

namespace assay::controller {

// What a profile's file says of how it was taken.
struct PprofFacts {
  uint32_t frequency_hz = 0;
  int64_t duration_ns = 0;
  // Wall time of the beginning, since the epoch; 0 where it is not known.
  int64_t start_unix_ns = 0;
  // Lines for people: "event: cpu-clock".
  std::vector<std::string> comments;
};

// The bytes of a .pb.gz file as `pprof` and `go tool pprof` read it: samples and nanoseconds on the
// CPU, and off it where there are any. Inlined functions are lines of the address that they lie at.
// kInternal where memory runs out.
absl::StatusOr<std::string> PprofFile(const StackProfile& profile, const PprofFacts& facts);

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_EXPORT_PPROF_FILE_H_

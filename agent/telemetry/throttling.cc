#include "agent/telemetry/throttling.h"

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/file.h"
#include "common/status_macros.h"

namespace assay::agent {

absl::StatusOr<int64_t> ReadThrottleCount(const CpuSet& cpus, const std::string& root) {
  int64_t sum = 0;
  for (const int cpu : cpus.cpus()) {
    for (const char* kind : {"core", "package"}) {
      const std::string path = absl::StrCat(root, "/sys/devices/system/cpu/cpu", cpu,
                                            "/thermal_throttle/", kind, "_throttle_count");
      ASSAY_ASSIGN_OR_RETURN(const std::string text, ReadFile(path));
      int64_t count = 0;
      if (!absl::SimpleAtoi(absl::StripAsciiWhitespace(text), &count)) {
        return absl::InvalidArgumentError(absl::StrCat(path, ": not a number"));
      }
      sum += count;
    }
  }
  return sum;
}

}  // namespace assay::agent

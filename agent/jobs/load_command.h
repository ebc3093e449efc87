#ifndef ASSAY_AGENT_JOBS_LOAD_COMMAND_H_
#define ASSAY_AGENT_JOBS_LOAD_COMMAND_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "agent/jobs/address.h"
#include "common/cpu_set.h"
#include "proto/agent.pb.h"

namespace assay::agent {

// Descriptors as the load generator gets them.
inline constexpr int kLoadgenControlFd = 3;
inline constexpr int kLoadgenRingFd = 4;

// The words that start the load generator `program` for `spec`. Bodies are written to files in `folder`.
// kInvalidArgument: something in the spec that the load generator cannot do.
absl::StatusOr<std::vector<std::string>> LoadgenArgv(const std::string& program,
                                                     const LoadSpec& spec,
                                                     const HostPort& destination,
                                                     const CpuSet& cpus, const std::string& folder);

// How large each load thread's sample ring should be.
struct RingPlan {
  size_t bytes_per_thread = 0;
  // Whether all samples of the window fit, whatever the load: then nobody need look at the ring before its end.
  bool holds_window = false;
};
// For what comes between two drainings, or, where the window is not to be disturbed by them, for the whole of it: as
// far as 64 MiB over all threads go. `pipeline`: requests in flight on a connection.
RingPlan PlanRing(const Window& window, int threads, bool drained_in_window, int pipeline = 1);

}  // namespace assay::agent

#endif  // ASSAY_AGENT_JOBS_LOAD_COMMAND_H_

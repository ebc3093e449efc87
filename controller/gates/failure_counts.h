#ifndef ASSAY_CONTROLLER_GATES_FAILURE_COUNTS_H_
#define ASSAY_CONTROLLER_GATES_FAILURE_COUNTS_H_

#include <cstdint>
#include <vector>

#include "proto/agent.pb.h"

namespace assay::controller {

// The numbers of a load job's failed requests that gates need.
struct FailureCounts {
  // Responses with an unexpected status, a wrong body, or a malformed message.
  uint64_t wrong_responses = 0;
  // Requests that found no free connection and a full queue.
  uint64_t queue_overflows = 0;
  // Every count that the job reported, for a check of their sum.
  std::vector<uint64_t> reported;
};

// From LoadFinished.outcomes; without them, from the names of error_kinds (agents of 2026-11 and earlier).
FailureCounts FailureCountsOf(const LoadFinished& finished);

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_GATES_FAILURE_COUNTS_H_

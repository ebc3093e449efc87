#ifndef ASSAY_AGENT_JOBS_REQUEST_CHECK_H_
#define ASSAY_AGENT_JOBS_REQUEST_CHECK_H_

#include <cstdint>

#include "absl/status/status.h"
#include "proto/agent.pb.h"

namespace assay::agent {

// Maximum of ServerSpec.environment_padding: a page, which is more than stack alignment and its conflicts in the caches
// repeat after.
inline constexpr uint32_t kMostEnvironmentPadding = 4'096;

// What can be said of a request without looking at the host: every field that must be there is, and within its
// bounds. kInvalidArgument names the field, as it is written in proto/agent.proto.
absl::Status CheckOpenRequest(const OpenRequest& request);

}  // namespace assay::agent

#endif  // ASSAY_AGENT_JOBS_REQUEST_CHECK_H_

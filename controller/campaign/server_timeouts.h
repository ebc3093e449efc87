#ifndef ASSAY_CONTROLLER_CAMPAIGN_SERVER_TIMEOUTS_H_
#define ASSAY_CONTROLLER_CAMPAIGN_SERVER_TIMEOUTS_H_

#include <string>

#include "absl/time/time.h"
#include "proto/agent.pb.h"

namespace assay::controller {

// How long a server's agent is waited for: always longer than its catalogue allows the target, so that the agent's word
// on a target that takes too long, which has its last output, comes before ours.

// From Open until it is ready: also for the start, and for the check of its response.
absl::Duration ReadyTimeout(const AgentDescription& agent, const std::string& target);
// For Close: also for the kill of what does not stop.
absl::Duration CloseTimeout(const AgentDescription& agent, const std::string& target);

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_CAMPAIGN_SERVER_TIMEOUTS_H_

#ifndef ASSAY_CONTROLLER_CAMPAIGN_SERVER_TIMEOUTS_H_
#define ASSAY_CONTROLLER_CAMPAIGN_SERVER_TIMEOUTS_H_

#include <string>

#include "absl/time/time.h"
#include "proto/agent.pb.h"

namespace assay::controller {

// Timeouts for the agent of a server. They are always longer than the timeouts in the agent's catalogue, so that the
// agent reports a slow target first, with the target's last output.

// From Open until the server is ready. Includes the start of the server and the check of its response.
absl::Duration ReadyTimeout(const AgentDescription& agent, const std::string& target);
// For Close. Includes the time to kill a server that does not stop.
absl::Duration CloseTimeout(const AgentDescription& agent, const std::string& target);

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_CAMPAIGN_SERVER_TIMEOUTS_H_

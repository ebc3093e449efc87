#ifndef ASSAY_CONTROLLER_CAMPAIGN_CPU_RESPONSES_H_
#define ASSAY_CONTROLLER_CAMPAIGN_CPU_RESPONSES_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "proto/agent.pb.h"
#include "proto/samples.pb.h"

namespace assay::controller {

// The times at which responses arrived at one load agent, and the common start on that agent's clock.
struct LoadResponses {
  const ResponseTimeline* timeline = nullptr;
  int64_t start_ns = 0;
  // Whether the load agent and the server share a clock, so that their times compare directly. Otherwise times are
  // compared relative to the common start, which each agent knows on its own clock up to half of a round trip.
  bool same_clock = false;
};

// The number of responses that all load agents received between the two readings of the server's CPU clock. It includes
// responses to requests of the warm-up and of the drain that arrived between the readings. `server_start_ns` is the
// common start on the clock of the server's agent. Returns nullopt if an agent did not report a time or a count, or if
// its counts end before a late reading.
std::optional<uint64_t> ServerCpuResponses(const ServerFinished& server, int64_t server_start_ns,
                                           const std::vector<LoadResponses>& loads);

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_CAMPAIGN_CPU_RESPONSES_H_

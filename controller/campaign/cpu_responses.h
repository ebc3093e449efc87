#ifndef ASSAY_CONTROLLER_CAMPAIGN_CPU_RESPONSES_H_
#define ASSAY_CONTROLLER_CAMPAIGN_CPU_RESPONSES_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "proto/agent.pb.h"
#include "proto/samples.pb.h"

namespace assay::controller {

// When responses came to one load agent, and the moment of the common start on its clock.
struct LoadResponses {
  const ResponseTimeline* timeline = nullptr;
  int64_t start_ns = 0;
  // It shares the server's clock: their moments may be compared. Elsewhere they are told by the time since the common
  // start, which each knows on its own clock as well as the round trips allow.
  bool same_clock = false;
};

// Responses of all loads between the two readings of the server's CPU clock: to requests of the warm-up and of the drain
// too, as far as they came between. `server_start_ns`: the common start on the clock of the server's agent. Not set where
// an agent did not tell a moment or a count, or did not count for as long as the reading was late.
std::optional<uint64_t> ServerCpuResponses(const ServerFinished& server, int64_t server_start_ns,
                                           const std::vector<LoadResponses>& loads);

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_CAMPAIGN_CPU_RESPONSES_H_

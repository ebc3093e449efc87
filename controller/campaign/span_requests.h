#ifndef ASSAY_CONTROLLER_CAMPAIGN_SPAN_REQUESTS_H_
#define ASSAY_CONTROLLER_CAMPAIGN_SPAN_REQUESTS_H_

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "analysis/sample_codec.h"
#include "proto/profile.pb.h"
#include "proto/samples.pb.h"

namespace assay::controller {

// Counts the right responses that came in each span of a profile, or in all of its window where it has no spans: what came
// before the profiler began and after it ended is no part of what it sampled. No two hosts' clocks meet: what happened is told by the
// time since the run's common start, which each agent knows on its own clock (StartSkew says how well).
class SpanRequests {
 public:
  // `server_start_ns`: the common start on the clock of the profile's agent.
  SpanRequests(const ProfileInfo& info, int64_t server_start_ns);

  // Samples of a load agent, for which the common start was at `load_start_ns`. Errors as of DecodeChunk().
  absl::Status Add(const SampleChunk& chunk, int64_t load_start_ns);

  // Sets the requests of each span, and of what was sampled together. REQUIRES: the same spans.
  void Count(ProfileInfo* info) const;

 private:
  struct Span {
    // Since the common start.
    int64_t start_ns = 0;
    int64_t end_ns = 0;
    uint64_t requests = 0;
  };
  std::vector<Span> spans_;
  std::vector<Sample> samples_;
};

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_CAMPAIGN_SPAN_REQUESTS_H_

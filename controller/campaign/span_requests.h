#ifndef ASSAY_CONTROLLER_CAMPAIGN_SPAN_REQUESTS_H_
#define ASSAY_CONTROLLER_CAMPAIGN_SPAN_REQUESTS_H_

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "analysis/sample_codec.h"
#include "proto/profile.pb.h"
#include "proto/samples.pb.h"

namespace assay::controller {

// Counts the right responses in each span of a profile, or in its whole window if it has no spans. Responses before the
// profiler started or after it stopped do not count, since it did not sample their work. Clocks of different hosts are
// never compared: all times are relative to the common start, which each agent knows on its own clock (StartSkew says
// how precisely).
class SpanRequests {
 public:
  // `server_start_ns`: the common start on the clock of the profile's agent.
  SpanRequests(const ProfileInfo& info, int64_t server_start_ns);

  // Adds samples of a load agent. `load_start_ns` is the common start on that agent's clock. Returns the errors of
  // DecodeChunk().
  absl::Status Add(const SampleChunk& chunk, int64_t load_start_ns);

  // Sets the requests of each span, and of all sampled spans together. REQUIRES: `info` has the spans passed to the
  // constructor.
  void Count(ProfileInfo* info) const;

 private:
  struct Span {
    // Both since the common start.
    int64_t start_ns = 0;
    int64_t end_ns = 0;
    uint64_t requests = 0;
  };
  std::vector<Span> spans_;
  std::vector<Sample> samples_;
};

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_CAMPAIGN_SPAN_REQUESTS_H_

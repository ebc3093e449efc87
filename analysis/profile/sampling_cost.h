#ifndef ASSAY_ANALYSIS_PROFILE_SAMPLING_COST_H_
#define ASSAY_ANALYSIS_PROFILE_SAMPLING_COST_H_

#include <optional>

#include "absl/types/span.h"

namespace assay {

// The cost of a profiler for the server that it samples, measured within one run. The profiler pauses now and then.
// Each pause is compared with the sampled time on both sides of it, so that a drift over the run cancels.

// An interval of a run's window.
struct SampledSpan {
  bool sampled = false;
  double seconds = 0;
  // The server's CPU time; 0 if not known.
  double cpu_seconds = 0;
  // Responses in the interval.
  double requests = 0;
};

// The share of the server's work that sampling takes: 1 - (responses per second of its CPU time while it is sampled) /
// (the same during pauses). Uses seconds of wall time if the CPU time is not known. Chance can make the share negative.
// The result is the Hodges-Lehmann estimate over the pauses that last at least 50 ms and have sampled time of at least
// 50 ms on both sides; nothing if there is no such pause. REQUIRES: spans in the order of time, without gaps.
std::optional<double> SamplingCost(absl::Span<const SampledSpan> spans);

}  // namespace assay

#endif  // ASSAY_ANALYSIS_PROFILE_SAMPLING_COST_H_

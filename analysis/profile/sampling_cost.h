#ifndef ASSAY_ANALYSIS_PROFILE_SAMPLING_COST_H_
#define ASSAY_ANALYSIS_PROFILE_SAMPLING_COST_H_

#include <optional>

#include "absl/types/span.h"

namespace assay {

// What a profiler costs the server that it samples, told from within one run: the profiler rests now and then, and each
// rest is held against the sampled time on both sides of it, so that what drifts over the run cancels.

// A part of a run's window.
struct SampledSpan {
  bool sampled = false;
  double seconds = 0;
  // The server's; 0 where it is not known.
  double cpu_seconds = 0;
  // Answered meanwhile.
  double requests = 0;
};

// The share of the server's work that sampling takes: 1 - (what it answers in a second of its CPU time while it is
// sampled) / (the same at rest); of a second of time where its CPU time is not known. Negative where it answered more
// while it was sampled: chance. The centre (Hodges and Lehmann's) over the rests that last 50 ms or more, and have
// sampled time as long on either side; nothing where there is none. Spans are in order, one behind the other.
std::optional<double> SamplingCost(absl::Span<const SampledSpan> spans);

}  // namespace assay

#endif  // ASSAY_ANALYSIS_PROFILE_SAMPLING_COST_H_

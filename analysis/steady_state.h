#ifndef ASSAY_ANALYSIS_STEADY_STATE_H_
#define ASSAY_ANALYSIS_STEADY_STATE_H_

#include <cstddef>

#include "absl/status/statusor.h"
#include "absl/types/span.h"

namespace assay {

// Where warm-up ends.
struct SteadyState {
  // Values at the beginning that are warm-up: a multiple of kSteadyStateBatch, at most half of all.
  size_t warmup = 0;
  // False: more than half would have to go, so that what is left says nothing. A result, not an
  // error.
  bool steady = false;
};

constexpr size_t kSteadyStateBatch = 5;
constexpr size_t kSteadyStateMinValues = 20 * kSteadyStateBatch;

// MSER-5 (White, Cobb, Spratt 2000): of the means of batches of five, cuts as many as make the
// rest's standard error smallest. `values` are figures of equal stretches of time in order, such as
// medians of 20 ms each; a last batch that is not full is left out.
//
// The statistic of the last few batches is small now and then by chance. So the cut is sought in
// the first half; it is past half when it is still falling there, or falls to a quarter of that
// later.
//
// kFailedPrecondition below kSteadyStateMinValues: too short to tell. O(n).
absl::StatusOr<SteadyState> FindSteadyState(absl::Span<const double> values);

}  // namespace assay

#endif  // ASSAY_ANALYSIS_STEADY_STATE_H_

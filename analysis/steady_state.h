#ifndef ASSAY_ANALYSIS_STEADY_STATE_H_
#define ASSAY_ANALYSIS_STEADY_STATE_H_

#include <cstddef>

#include "absl/status/statusor.h"
#include "absl/types/span.h"

namespace assay {

// Where warm-up ends.
struct SteadyState {
  // The number of values at the beginning that are warm-up: a multiple of kSteadyStateBatch, at most half of all.
  size_t warmup = 0;
  // False if more than half of the values would be warm-up, so that the remaining ones are not representative. This
  // is a result, not an error.
  bool steady = false;
};

constexpr size_t kSteadyStateBatch = 5;
constexpr size_t kSteadyStateMinValues = 20 * kSteadyStateBatch;

// MSER-5 (White, Cobb, Spratt 2000). Takes the means of batches of five values and removes batches from the beginning
// so that the standard error of the remaining batches is smallest. `values` are figures of equal stretches of time in
// order, such as medians of 20 ms each. A last incomplete batch is ignored.
//
// By chance, the statistic of the last few batches is sometimes small. So the function searches the first half for
// the minimum. The steady state begins after the first half if the statistic is still falling there, or later falls
// to a quarter of that minimum.
//
// kFailedPrecondition if there are fewer than kSteadyStateMinValues values. O(n).
absl::StatusOr<SteadyState> FindSteadyState(absl::Span<const double> values);

}  // namespace assay

#endif  // ASSAY_ANALYSIS_STEADY_STATE_H_

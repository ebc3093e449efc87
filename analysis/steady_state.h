#ifndef ASSAY_ANALYSIS_STEADY_STATE_H_
#define ASSAY_ANALYSIS_STEADY_STATE_H_

#include <cstddef>

#include "absl/status/statusor.h"
#include "absl/types/span.h"

namespace assay {

// Where warm-up ends.
struct SteadyState {
  // The number of values at the beginning that are warm-up: whole batches, at most half of all.
  size_t warmup = 0;
  // False if more than half of the values would be warm-up, so that the remaining ones are not representative. This
  // is a result, not an error.
  bool steady = false;
};

// A decision needs this many batches. From 100 values on, a batch has five of them.
constexpr size_t kSteadyStateMinValues = 20;

// MSER-5 (White, Cobb, Spratt 2000). Takes the means of batches of five values and removes batches from the beginning
// so that the standard error of the remaining batches is smallest. `values` are figures of equal stretches of time in
// order, such as medians of 20 ms each. A last incomplete batch is ignored.
//
// With fewer than 100 values, batches have fewer of them (of 60 slots: three), so that there are 20. The values are
// medians of many requests already, which is what batches are for. A warm-up must then be larger against the noise to be
// found: a drift over the whole series of 20 values by 20 of their standard deviations, of 60 by 12, of 200 by 8 is found
// in three cases of four. Of series without a warm-up, 3 to 7 % are not steady by chance, the more the noisier.
//
// Values farther from the median than four standard deviations (1.4826 times the median absolute deviation) are moved
// there. Otherwise a single stall in the second half would make the rest look like the steady state.
//
// By chance, the statistic of the last few batches is sometimes small. So the function searches the first half for
// the minimum. The steady state begins after the first half if the statistic is still falling there, or later falls
// to a quarter of that minimum.
//
// kFailedPrecondition if there are fewer than kSteadyStateMinValues values. O(n).
absl::StatusOr<SteadyState> FindSteadyState(absl::Span<const double> values);

}  // namespace assay

#endif  // ASSAY_ANALYSIS_STEADY_STATE_H_

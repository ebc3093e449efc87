#ifndef ASSAY_ANALYSIS_FALSE_DISCOVERY_H_
#define ASSAY_ANALYSIS_FALSE_DISCOVERY_H_

#include <vector>

#include "absl/types/span.h"

namespace assay {

// Control of false findings among many tests.

// The p-values adjusted by the step-up procedure of Benjamini and Hochberg ("Controlling the false discovery rate",
// Journal of the Royal Statistical Society B 57, 1995), in the order of the arguments. If the tests whose adjusted value
// is at most q are called findings, the expected share of false ones among them is at most q. Holds for tests that are
// independent or positively dependent. REQUIRES: each value is in [0, 1]. O(n log n).
std::vector<double> AdjustedPValues(absl::Span<const double> p_values);

}  // namespace assay

#endif  // ASSAY_ANALYSIS_FALSE_DISCOVERY_H_

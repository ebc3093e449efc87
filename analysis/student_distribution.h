#ifndef ASSAY_ANALYSIS_STUDENT_DISTRIBUTION_H_
#define ASSAY_ANALYSIS_STUDENT_DISTRIBUTION_H_

#include "absl/types/span.h"
#include "analysis/estimate.h"

namespace assay {

// P(T <= t) of Student's t distribution (Abramowitz and Stegun, 26.7.3 and 26.7.4). O(degrees). REQUIRES: degrees >= 1.
double StudentCdf(double t, int degrees);

// The t with P(T <= t) = p, to about 1e-12. REQUIRES: 0 < p < 1, degrees >= 1.
double StudentQuantile(double p, int degrees);

// The mean of independent values and its two-sided interval by Student's t; no interval below two values, NaN when empty.
Estimate StudentInterval(absl::Span<const double> values, double confidence = 0.95);

// The standard deviation of a sample, with n - 1 in the denominator; 0 below two values.
double SampleDeviation(absl::Span<const double> values);

}  // namespace assay

#endif  // ASSAY_ANALYSIS_STUDENT_DISTRIBUTION_H_

#ifndef ASSAY_ANALYSIS_CHI_SQUARE_DISTRIBUTION_H_
#define ASSAY_ANALYSIS_CHI_SQUARE_DISTRIBUTION_H_

namespace assay {

// P(X <= x) of the chi-square distribution (Abramowitz and Stegun, 26.4.4 and 26.4.5). O(degrees). REQUIRES: x >= 0,
// degrees >= 1.
double ChiSquareCdf(double x, int degrees);

// The x with P(X <= x) = p, to about 1e-9 for p of at least 1e-6. REQUIRES: 0 < p < 1, degrees >= 1.
double ChiSquareQuantile(double p, int degrees);

}  // namespace assay

#endif  // ASSAY_ANALYSIS_CHI_SQUARE_DISTRIBUTION_H_

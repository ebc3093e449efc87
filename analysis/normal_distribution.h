#ifndef ASSAY_ANALYSIS_NORMAL_DISTRIBUTION_H_
#define ASSAY_ANALYSIS_NORMAL_DISTRIBUTION_H_

namespace assay {

// P(Z <= z) of the standard normal distribution.
double NormalCdf(double z);

// The z with P(Z <= z) = p, to about 1e-14. REQUIRES: 0 < p < 1.
double NormalQuantile(double p);

}  // namespace assay

#endif  // ASSAY_ANALYSIS_NORMAL_DISTRIBUTION_H_

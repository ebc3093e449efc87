#include "analysis/normal_distribution.h"

#include <cassert>
#include <cmath>
#include <numbers>

namespace assay {

double NormalCdf(double z) { return 0.5 * std::erfc(-z / std::numbers::sqrt2); }

double NormalQuantile(double p) {
  assert(p > 0 && p < 1);
  // The tail keeps digits that 1 - p would lose.
  if (p > 0.5) return -NormalQuantile(1 - p);
  // P(Z <= -40) is zero in doubles. Each step halves the bracket; the last steps change nothing.
  double low = -40;
  double high = 0;
  for (int step = 0; step < 64; ++step) {
    const double middle = 0.5 * (low + high);
    (NormalCdf(middle) < p ? low : high) = middle;
  }
  return 0.5 * (low + high);
}

}  // namespace assay

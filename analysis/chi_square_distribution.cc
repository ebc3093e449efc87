#include "analysis/chi_square_distribution.h"

#include <cassert>
#include <cmath>
#include <numbers>
#include <numeric>

namespace assay {

double ChiSquareCdf(double x, int degrees) {
  assert(x >= 0 && degrees >= 1);
  if (x <= 0) return 0;
  const double half = x / 2;
  const bool odd = degrees % 2 == 1;
  // P(X > x): a term half^j e^-half / Gamma(j + 1) for each j below degrees / 2, in steps of 1. As logarithms, because
  // e^-half underflows with many degrees.
  double above = odd ? std::erfc(std::sqrt(half)) : 0;
  double j = odd ? 0.5 : 0;
  double log_term =
      odd ? std::log(2 / std::sqrt(std::numbers::pi)) + std::log(half) / 2 - half : -half;
  for (; j < degrees / 2.0; ++j) {
    above += std::exp(log_term);
    log_term += std::log(half) - std::log(j + 1);
  }
  return 1 - above;
}

double ChiSquareQuantile(double p, int degrees) {
  assert(p > 0 && p < 1);
  double low = 0;
  double high = 1;
  while (ChiSquareCdf(high, degrees) < p) high *= 2;
  while (true) {
    const double middle = std::midpoint(low, high);
    if (middle <= low || middle >= high) return middle;
    (ChiSquareCdf(middle, degrees) < p ? low : high) = middle;
  }
}

}  // namespace assay

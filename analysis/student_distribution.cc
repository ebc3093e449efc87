#include "analysis/student_distribution.h"

#include <cassert>
#include <cmath>
#include <limits>
#include <numeric>

namespace assay {
namespace {

double Mean(absl::Span<const double> values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

}  // namespace

double StudentCdf(double t, int degrees) {
  assert(degrees >= 1);
  const double theta = std::atan(t / std::sqrt(degrees));
  const double cosine = std::cos(theta);
  const double sine = std::sin(theta);
  // A(t | degrees), the probability of [-t, t], as a finite series.
  double term = degrees % 2 == 1 ? cosine : 1;
  double sum = degrees == 1 ? 0 : term;
  for (int k = degrees % 2 == 1 ? 3 : 2; k < degrees; k += 2) {
    term *= cosine * cosine * (k - 1) / k;
    sum += term;
  }
  const double within = degrees % 2 == 1 ? 2 / M_PI * (theta + sine * sum) : sine * sum;
  return 0.5 + within / 2;
}

double StudentQuantile(double p, int degrees) {
  assert(p > 0 && p < 1);
  double low = -1;
  double high = 1;
  while (StudentCdf(low, degrees) > p) low *= 2;
  while (StudentCdf(high, degrees) < p) high *= 2;
  while (true) {
    const double middle = std::midpoint(low, high);
    if (middle <= low || middle >= high) return middle;
    (StudentCdf(middle, degrees) < p ? low : high) = middle;
  }
}

double SampleDeviation(absl::Span<const double> values) {
  if (values.size() < 2) return 0;
  const double mean = Mean(values);
  double squares = 0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  return std::sqrt(squares / static_cast<double>(values.size() - 1));
}

Estimate StudentInterval(absl::Span<const double> values, double confidence) {
  if (values.empty()) return {.estimate = std::numeric_limits<double>::quiet_NaN()};
  Estimate estimate{.estimate = Mean(values)};
  if (values.size() < 2) return estimate;
  const auto n = static_cast<double>(values.size());
  const double reach =
      StudentQuantile(1 - (1 - confidence) / 2, static_cast<int>(values.size()) - 1) *
      SampleDeviation(values) / std::sqrt(n);
  estimate.low = estimate.estimate - reach;
  estimate.high = estimate.estimate + reach;
  return estimate;
}

}  // namespace assay

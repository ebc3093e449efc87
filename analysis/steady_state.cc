#include "analysis/steady_state.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace assay {
namespace {

// Fewer remaining batches look steady by chance.
constexpr size_t kMinRemaining = 5;
// Later values of the statistic must be below this fraction of the minimum of the first half to count as a decrease
// that is not chance.
constexpr double kDecisive = 0.25;
constexpr size_t kLargestBatch = 5;
constexpr double kFarthest = 4;
// Standard deviation of a normal distribution divided by its median absolute deviation.
constexpr double kDeviationOfMad = 1.4826;

// Of an even number, the upper of the two in the middle. REQUIRES: not empty.
double Median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

// Moves values that are far from the median nearer to it. A series of which more than half is equal has no scale, and
// stays as it is.
std::vector<double> Winsorised(absl::Span<const double> values) {
  std::vector<double> moved(values.begin(), values.end());
  const double median = Median(moved);
  std::vector<double> distances;
  for (const double value : values) distances.push_back(std::abs(value - median));
  const double farthest = kFarthest * kDeviationOfMad * Median(std::move(distances));
  if (!(farthest > 0)) return moved;
  for (double& value : moved) value = std::clamp(value, median - farthest, median + farthest);
  return moved;
}

std::vector<double> BatchMeans(absl::Span<const double> values, size_t batch) {
  std::vector<double> means;
  for (; values.size() >= batch; values.remove_prefix(batch)) {
    const double sum =
        std::accumulate(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(batch), 0.0);
    means.push_back(sum / static_cast<double>(batch));
  }
  return means;
}

// MSER's statistic for each cut that leaves enough batches: the sum of squares about the mean, divided by the square
// of the count. Goes backwards with Welford's update, so that large figures with small differences keep their digits.
std::vector<double> SquaredErrors(const std::vector<double>& means) {
  std::vector<double> errors(means.size() + 1 - kMinRemaining);
  double mean = 0;
  double squares = 0;
  double count = 0;
  for (size_t cut = means.size(); cut-- > 0;) {
    ++count;
    const double distance = means[cut] - mean;
    mean += distance / count;
    squares += distance * (means[cut] - mean);
    if (cut < errors.size()) errors[cut] = squares / (count * count);
  }
  return errors;
}

}  // namespace

absl::StatusOr<SteadyState> FindSteadyState(absl::Span<const double> values) {
  if (values.size() < kSteadyStateMinValues) {
    return absl::FailedPreconditionError(absl::StrCat(
        values.size(), " values are too few to find the end of the warm-up; at least ",
        kSteadyStateMinValues, " are needed: measure longer, or use shorter stretches"));
  }
  const size_t batch = std::min(kLargestBatch, values.size() / kSteadyStateMinValues);
  const std::vector<double> means = BatchMeans(Winsorised(values), batch);
  const std::vector<double> errors = SquaredErrors(means);
  const auto half = errors.begin() + static_cast<std::ptrdiff_t>(means.size() / 2);
  // The smallest cut of those with equal statistics: a constant series is steady from the start.
  const auto best = std::min_element(errors.begin(), half + 1);
  const auto later = std::min_element(half, errors.end());
  const bool still_falling = best == half;
  const bool falls_later = *later < kDecisive * *best;
  return SteadyState{.warmup = static_cast<size_t>(best - errors.begin()) * batch,
                     .steady = !still_falling && !falls_later};
}

}  // namespace assay

#include "analysis/dependence.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <numeric>
#include <utility>

#include "analysis/order_statistics.h"

namespace assay {
namespace {

// Ranks from 1. Equal values get their mean rank.
std::vector<double> MidRanks(absl::Span<const double> values) {
  std::vector<size_t> order(values.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return values[a] < values[b]; });
  std::vector<double> ranks(values.size());
  for (size_t begin = 0; begin < order.size();) {
    size_t end = begin + 1;
    while (end < order.size() && values[order[end]] == values[order[begin]]) ++end;
    const double rank = static_cast<double>(begin + end + 1) / 2;
    for (size_t i = begin; i < end; ++i) ranks[order[i]] = rank;
    begin = end;
  }
  return ranks;
}

}  // namespace

SerialCorrelation RankSerialCorrelation(absl::Span<const double> values) {
  assert(values.size() >= kSerialCorrelationMinValues);
  const auto n = static_cast<double>(values.size());
  const std::vector<double> ranks = MidRanks(values);
  const double mean = (n + 1) / 2;
  double squares = 0;
  double products = 0;
  for (size_t i = 0; i < ranks.size(); ++i) {
    squares += (ranks[i] - mean) * (ranks[i] - mean);
    if (i > 0) products += (ranks[i] - mean) * (ranks[i - 1] - mean);
  }
  SerialCorrelation result;
  result.expected = -1 / n;
  result.correlation = squares > 0 ? products / squares : result.expected;
  result.variance = (5 * n * n * n * n - 14 * n * n * n - 9 * n * n + 26 * n + 16) /
                    (5 * (n - 1) * (n - 1) * n * n * (n + 1));
  return result;
}

double DependenceStatistic(absl::Span<const std::vector<double>> series) {
  double excess = 0;
  double variance = 0;
  for (const std::vector<double>& values : series) {
    if (values.size() < kSerialCorrelationMinValues) continue;
    const SerialCorrelation found = RankSerialCorrelation(values);
    excess += found.correlation - found.expected;
    variance += found.variance;
  }
  return variance > 0 ? excess / std::sqrt(variance) : 0;
}

std::vector<double> Winsorised(absl::Span<const double> values) {
  std::vector<double> result(values.begin(), values.end());
  if (result.empty()) return result;
  const double median = MedianInterval(result).estimate;
  std::vector<double> deviations;
  deviations.reserve(result.size());
  for (const double value : result) deviations.push_back(std::abs(value - median));
  // The factor 1.4826 scales the median absolute deviation to the standard deviation of a normal distribution.
  const double reach = 3 * 1.4826 * MedianInterval(std::move(deviations)).estimate;
  if (reach <= 0) return result;
  for (double& value : result) value = std::clamp(value, median - reach, median + reach);
  return result;
}

std::vector<double> SegmentMeans(absl::Span<const double> values, size_t count) {
  assert(count >= 1 && count <= values.size());
  std::vector<double> means;
  means.reserve(count);
  for (size_t i = 0; i < count; ++i) {
    const size_t begin = values.size() * i / count;
    const size_t end = values.size() * (i + 1) / count;
    means.push_back(std::accumulate(values.begin() + begin, values.begin() + end, 0.0) /
                    static_cast<double>(end - begin));
  }
  return means;
}

}  // namespace assay

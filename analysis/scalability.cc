#include "analysis/scalability.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <set>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace assay {
namespace {

constexpr size_t kTerms = 3;
using Row = std::array<double, kTerms>;

// Solves the least squares problem rows * x = 1 over the terms in use, by orthogonalisation (modified Gram-Schmidt),
// which keeps more digits than the normal equations. Other terms are 0. Nothing if the terms are linearly dependent.
std::optional<Row> SolveFor(const std::vector<Row>& rows, const std::vector<size_t>& terms) {
  const size_t count = rows.size();
  std::vector<std::vector<double>> columns;
  for (const size_t term : terms) {
    columns.emplace_back(count);
    for (size_t i = 0; i < count; ++i) columns.back()[i] = rows[i][term];
  }
  std::vector<double> rest(count, 1);
  const auto product = [count](const std::vector<double>& a, const std::vector<double>& b) {
    double sum = 0;
    for (size_t i = 0; i < count; ++i) sum += a[i] * b[i];
    return sum;
  };
  const auto subtract = [count](std::vector<double>& from, double factor,
                                const std::vector<double>& column) {
    for (size_t i = 0; i < count; ++i) from[i] -= factor * column[i];
  };
  // upper[j][k]: the part of column k along orthogonal column j.
  std::array<Row, kTerms> upper{};
  Row right{};
  for (size_t j = 0; j < columns.size(); ++j) {
    const double norm = product(columns[j], columns[j]);
    if (!(norm > 1e-24 * static_cast<double>(count))) return std::nullopt;
    for (size_t k = j + 1; k < columns.size(); ++k) {
      upper[j][k] = product(columns[j], columns[k]) / norm;
      subtract(columns[k], upper[j][k], columns[j]);
    }
    right[j] = product(columns[j], rest) / norm;
    subtract(rest, right[j], columns[j]);
  }
  Row solution{};
  for (size_t j = columns.size(); j-- > 0;) {
    double value = right[j];
    for (size_t k = j + 1; k < columns.size(); ++k) value -= upper[j][k] * solution[terms[k]];
    solution[terms[j]] = value;
  }
  return solution;
}

double SumOfSquares(const std::vector<Row>& rows, const Row& solution) {
  double sum = 0;
  for (const Row& row : rows) {
    double error = -1;
    for (size_t term = 0; term < kTerms; ++term) error += row[term] * solution[term];
    sum += error * error;
  }
  return sum;
}

// The same least squares problem with no term below 0. Of all choices of terms that are not 0, the best one without
// a negative term is the optimum.
Row SolveWithinBounds(const std::vector<Row>& rows) {
  Row best{};
  double fewest = std::numeric_limits<double>::infinity();
  for (unsigned choice = 1; choice < 1U << kTerms; ++choice) {
    std::vector<size_t> terms;
    for (size_t term = 0; term < kTerms; ++term) {
      if ((choice >> term & 1U) != 0) terms.push_back(term);
    }
    const std::optional<Row> solution = SolveFor(rows, terms);
    if (!solution.has_value() || *std::min_element(solution->begin(), solution->end()) < 0)
      continue;
    const double squares = SumOfSquares(rows, *solution);
    if (squares >= fewest) continue;
    fewest = squares;
    best = *solution;
  }
  return best;
}

}  // namespace

double UniversalScalability::ThroughputAt(double level) const {
  return lambda * level / (1 + sigma * (level - 1) + kappa * level * (level - 1));
}

absl::StatusOr<UniversalScalability> FitUniversalScalability(absl::Span<const CurvePoint> points) {
  std::set<double> levels;
  // N / X = (1 + sigma * (N - 1) + kappa * N * (N - 1)) / lambda. Dividing by N / X makes the right side 1 and the
  // errors relative.
  std::vector<Row> rows;
  for (const auto& [level, value] : points) {
    for (const double figure : {level, value}) {
      if (figure > 0 && std::isfinite(figure)) continue;
      return absl::InvalidArgumentError(absl::StrCat(
          "levels and throughputs must be positive and finite for a fit, but one is ", figure));
    }
    levels.insert(level);
    const double scale = value / level;
    rows.push_back({scale, scale * (level - 1), scale * level * (level - 1)});
  }
  if (levels.size() < kScalabilityMinLevels) {
    return absl::FailedPreconditionError(
        absl::StrCat("a fit of the universal scalability law needs ", kScalabilityMinLevels,
                     " levels, but there are ", levels.size()));
  }
  const Row solution = SolveWithinBounds(rows);
  if (solution[0] == 0) {
    return absl::FailedPreconditionError(
        "the universal scalability law does not fit: throughput falls so steeply over the levels "
        "that "
        "they do not determine the throughput of one connection; add lower levels");
  }
  UniversalScalability law;
  law.lambda = 1 / solution[0];
  law.sigma = solution[1] * law.lambda;
  law.kappa = solution[2] * law.lambda;
  law.relative_error = std::sqrt(SumOfSquares(rows, solution) / static_cast<double>(rows.size()));
  if (law.kappa > 0 && 1 - law.sigma >= law.kappa) {
    law.peak_level = std::sqrt((1 - law.sigma) / law.kappa);
    law.peak_throughput = law.ThroughputAt(*law.peak_level);
  }
  return law;
}

std::optional<size_t> KneeOf(absl::Span<const CurvePoint> points) {
  if (points.size() < 3) return std::nullopt;
  const CurvePoint& first = points.front();
  const CurvePoint& last = points.back();
  const auto [lowest, highest] = std::minmax_element(
      points.begin(), points.end(), [](const auto& a, const auto& b) { return a.value < b.value; });
  const double height = highest->value - lowest->value;
  const double width = last.level - first.level;
  if (!(height > 0) || !(width > 0)) return std::nullopt;
  size_t knee = 0;
  double farthest = 0;
  for (size_t i = 1; i + 1 < points.size(); ++i) {
    const double along = (points[i].level - first.level) / width;
    const double chord = first.value + along * (last.value - first.value);
    const double distance = std::abs(points[i].value - chord) / height;
    if (distance <= farthest) continue;
    farthest = distance;
    knee = i;
  }
  if (farthest <= 1 / static_cast<double>(points.size() - 1)) return std::nullopt;
  return knee;
}

}  // namespace assay

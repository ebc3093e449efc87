#include "analysis/change_points.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>
#include <utility>

#include "analysis/false_discovery.h"
#include "analysis/order_statistics.h"
#include "analysis/random_stream.h"

namespace assay {
namespace {

// The Q of the paper, from the sums of distances between the sides and within each.
double EnergyDistance(double between, double within_left, double within_right, double left,
                      double right) {
  const double distance = 2 * between / (left * right) - 2 * within_left / (left * (left - 1)) -
                          2 * within_right / (right * (right - 1));
  return left * right / (left + right) * distance;
}

// A series that is cut into segments, step by step.
class Segmentation {
 public:
  Segmentation(absl::Span<const double> values, const ChangePointRules& rules)
      : values_(values), rules_(rules), random_(rules.seed), ends_({0, values.size()}) {}

  struct Step {
    size_t index = 0;
    double p_value = 1;
  };

  // The best split of all segments with its p-value. A p-value above `significance` is not computed to the end; it is
  // then 1.
  Step NextSplit(double significance) {
    std::vector<double> values(values_.begin(), values_.end());
    const EnergySplit best = BestOfSegments(values);
    Step step{.index = best.index};
    if (values.size() < kChangePointMinValues || best.statistic <= 0) return step;
    const double orders = rules_.permutations + 1;
    double as_large = 1;
    for (uint32_t i = 0; i < rules_.permutations; ++i) {
      ShuffleWithinSegments(values);
      if (BestOfSegments(values).statistic >= best.statistic * (1 - kRounding)) ++as_large;
      if (as_large / orders > significance) return step;
    }
    step.p_value = as_large / orders;
    return step;
  }

  void Split(const Step& step) {
    ends_.insert(std::lower_bound(ends_.begin(), ends_.end(), step.index), step.index);
    found_.push_back(step);
  }

  // Splits until a split is not significant.
  void SplitAll(double significance) {
    for (;;) {
      const Step step = NextSplit(significance);
      if (step.p_value > significance) return;
      Split(step);
    }
  }

  // The change points without those below the floor.
  std::vector<ChangePoint> ChangePoints() {
    std::sort(found_.begin(), found_.end(),
              [](const Step& a, const Step& b) { return a.index < b.index; });
    for (;;) {
      std::vector<ChangePoint> points = WithMedians();
      const auto smallest =
          std::min_element(points.begin(), points.end(), [](const auto& a, const auto& b) {
            return std::abs(a.after - a.before) < std::abs(b.after - b.before);
          });
      if (smallest == points.end() || std::abs(smallest->after - smallest->before) >= rules_.floor)
        return points;
      found_.erase(found_.begin() + (smallest - points.begin()));
    }
  }

 private:
  // Sums of the same distances in another order may differ by rounding.
  static constexpr double kRounding = 1e-12;

  EnergySplit BestOfSegments(absl::Span<const double> values) const {
    EnergySplit best{.statistic = 0};
    for (size_t i = 0; i + 1 < ends_.size(); ++i) {
      const size_t begin = ends_[i];
      const size_t size = ends_[i + 1] - begin;
      if (size < 2 * rules_.min_segment) continue;
      const EnergySplit split = LargestEnergySplit(values.subspan(begin, size), rules_.min_segment);
      if (split.statistic <= best.statistic) continue;
      best = {begin + split.index, begin + split.end, split.statistic};
    }
    return best;
  }

  void ShuffleWithinSegments(std::vector<double>& values) {
    for (size_t i = 0; i + 1 < ends_.size(); ++i) {
      for (size_t last = ends_[i + 1] - ends_[i]; last > 1; --last) {
        std::swap(values[ends_[i] + last - 1], values[ends_[i] + random_.Below(last)]);
      }
    }
  }

  double Median(size_t begin, size_t end) const {
    return MedianInterval({values_.begin() + begin, values_.begin() + end}).estimate;
  }

  std::vector<ChangePoint> WithMedians() const {
    std::vector<ChangePoint> points;
    for (size_t i = 0; i < found_.size(); ++i) {
      const size_t begin = i == 0 ? 0 : found_[i - 1].index;
      const size_t end = i + 1 == found_.size() ? values_.size() : found_[i + 1].index;
      points.push_back({.index = found_[i].index,
                        .before = Median(begin, found_[i].index),
                        .after = Median(found_[i].index, end),
                        .p_value = found_[i].p_value});
    }
    return points;
  }

  const absl::Span<const double> values_;
  const ChangePointRules rules_;
  RandomStream random_;
  // The begin of each segment, and the end of the series.
  std::vector<size_t> ends_;
  std::vector<Step> found_;
};

}  // namespace

EnergySplit LargestEnergySplit(absl::Span<const double> values, size_t min_segment) {
  assert(min_segment >= 2 && values.size() >= 2 * min_segment);
  const size_t count = values.size();
  // For each value: the sum of its distances to all values before it, and to all values left of the split.
  std::vector<double> to_earlier(count);
  std::vector<double> to_left(count);
  for (size_t k = 0; k < count; ++k) {
    for (size_t i = 0; i < k; ++i) to_earlier[k] += std::abs(values[i] - values[k]);
  }
  EnergySplit best{.statistic = -std::numeric_limits<double>::infinity()};
  double within_left = 0;
  for (size_t index = 1; index + min_segment <= count; ++index) {
    within_left += to_earlier[index - 1];
    for (size_t k = index; k < count; ++k) to_left[k] += std::abs(values[index - 1] - values[k]);
    if (index < min_segment) continue;
    double between = 0;
    double within_right = 0;
    for (size_t end = index + 1; end <= count; ++end) {
      between += to_left[end - 1];
      within_right += to_earlier[end - 1] - to_left[end - 1];
      if (end - index < min_segment) continue;
      const double statistic =
          EnergyDistance(between, within_left, within_right, static_cast<double>(index),
                         static_cast<double>(end - index));
      if (statistic > best.statistic) best = {index, end, statistic};
    }
  }
  return best;
}

std::vector<ChangePoint> FindChangePoints(absl::Span<const double> values,
                                          const ChangePointRules& rules) {
  Segmentation segmentation(values, rules);
  segmentation.SplitAll(rules.significance);
  return segmentation.ChangePoints();
}

std::vector<std::vector<ChangePoint>> FindChangePointsOfAll(
    absl::Span<const std::vector<double>> series, const ChangePointRules& rules) {
  std::vector<Segmentation> segmentations;
  std::vector<Segmentation::Step> first;
  std::vector<double> p_values;
  for (const std::vector<double>& values : series) {
    segmentations.emplace_back(values, rules);
    first.push_back(segmentations.back().NextSplit(rules.significance));
    p_values.push_back(first.back().p_value);
  }
  const std::vector<double> adjusted = AdjustedPValues(p_values);
  const auto selected = std::count_if(adjusted.begin(), adjusted.end(), [&](double p_value) {
    return p_value <= rules.significance;
  });
  const double within =
      rules.significance * static_cast<double>(selected) / static_cast<double>(series.size());
  std::vector<std::vector<ChangePoint>> found(series.size());
  for (size_t i = 0; i < series.size(); ++i) {
    if (adjusted[i] > rules.significance) continue;
    segmentations[i].Split(first[i]);
    segmentations[i].SplitAll(within);
    found[i] = segmentations[i].ChangePoints();
  }
  return found;
}

}  // namespace assay

#include "controller/verdict/forest.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "controller/verdict/verdict_words.h"

namespace assay::controller {
namespace {

// The axis is at least this much wider than the zone, and has this margin at both ends.
constexpr double kLeastWidth = 1.5;
constexpr double kMargin = 0.04;
// Without this limit, one wild interval would leave no space for the others.
constexpr double kWidest = 3;

}  // namespace

double Forest::Share(double log_ratio) const {
  return std::clamp((log_ratio - low) / (high - low), 0.0, 1.0);
}

Forest ForestOf(const CampaignVerdict& verdict) {
  Forest forest;
  const ComparisonRules rules;
  forest.floor = std::log1p(rules.floor);
  forest.zone = std::log1p(rules.zone);
  const bool with_workload = HasWorkloads(verdict);
  double low = -kLeastWidth * forest.zone;
  double high = kLeastWidth * forest.zone;
  for (const auto* const all : {&verdict.comparisons, &verdict.aa}) {
    for (const Comparison& one : *all) {
      if (!one.primary || !one.ratio.has_value() || !(one.ratio->ratio.estimate > 0)) continue;
      const Estimate& ratio = one.ratio->ratio;
      ForestRow row;
      row.name = absl::StrCat(all == &verdict.aa ? "A/A " : "",
                              one.target.empty() ? one.candidate : one.target, ", ",
                              PlaceText(one, with_workload));
      row.verdict = one.verdict();
      row.result = absl::StrCat(ChangeText(ratio), " ", one.verdict_word());
      row.estimate = std::log(ratio.estimate);
      if (ratio.low.has_value() && *ratio.low > 0) {
        row.low = std::log(*ratio.low);
        row.high = std::log(*ratio.high);
      }
      low = std::min({low, row.estimate, row.low.value_or(row.estimate)});
      high = std::max({high, row.estimate, row.high.value_or(row.estimate)});
      forest.rows.push_back(std::move(row));
    }
  }
  low = std::max(low, -kWidest);
  high = std::min(high, kWidest);
  const double margin = kMargin * (high - low);
  forest.low = low - margin;
  forest.high = high + margin;
  return forest;
}

}  // namespace assay::controller

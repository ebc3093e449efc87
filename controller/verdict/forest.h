#ifndef ASSAY_CONTROLLER_VERDICT_FOREST_H_
#define ASSAY_CONTROLLER_VERDICT_FOREST_H_

#include <optional>
#include <string>
#include <vector>

#include "controller/verdict/campaign_verdict.h"

namespace assay::controller {

// One interval of a forest plot, as log ratios.
struct ForestRow {
  // "hyper, 64 connections"; not escaped.
  std::string name;
  // "+31 % [29, 33] slower".
  std::string result;
  // "faster", "slower", "equivalent", "inconclusive" or "invalid".
  std::string verdict;
  double estimate = 0;
  std::optional<double> low;
  std::optional<double> high;
};

// The content of a forest plot, for text and for reports: the primary comparisons and the A/A controls that have an
// estimate.
struct Forest {
  std::vector<ForestRow> rows;
  // Half the widths of the range in which differences are not claimed, and of that in which equivalence is.
  double floor = 0;
  double zone = 0;
  // The ends of the axis.
  double low = 0;
  double high = 0;

  // The place of a log ratio on the axis, from 0 to 1.
  double Share(double log_ratio) const;
};

Forest ForestOf(const CampaignVerdict& verdict);

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_VERDICT_FOREST_H_

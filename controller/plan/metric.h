#ifndef ASSAY_CONTROLLER_PLAN_METRIC_H_
#define ASSAY_CONTROLLER_PLAN_METRIC_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/types/span.h"

namespace assay::controller {

// A figure of an execution that a plan may use in a threshold or as its primary metric.
struct Metric {
  std::string_view name;
  std::string_view unit;
  // A description for users.
  std::string_view meaning;
  bool larger_is_better = false;
  // Available only for servers that an agent starts.
  bool of_server_process = false;
};

// All metrics, in the order in which documents list them.
absl::Span<const Metric> AllMetrics();
// nullptr if there is no such metric.
const Metric* FindMetric(std::string_view name);
std::vector<std::string> MetricNames();

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_PLAN_METRIC_H_

#ifndef ASSAY_CONTROLLER_PLAN_METRIC_H_
#define ASSAY_CONTROLLER_PLAN_METRIC_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/types/span.h"

namespace assay::controller {

// A figure of an execution that a plan may name: in a threshold, or as the one its verdict rests
// on.
struct Metric {
  std::string_view name;
  std::string_view unit;
  // What it is, for people.
  std::string_view meaning;
  bool larger_is_better = false;
  // Known only of a server that an agent started.
  bool of_server_process = false;
};

// All metrics, in the order in which documents list them.
absl::Span<const Metric> AllMetrics();
// Null when there is no such metric.
const Metric* FindMetric(std::string_view name);
std::vector<std::string> MetricNames();

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_PLAN_METRIC_H_

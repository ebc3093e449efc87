#ifndef ASSAY_ANALYSIS_METRICS_H_
#define ASSAY_ANALYSIS_METRICS_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/types/span.h"
#include "analysis/comparison.h"
#include "analysis/figures.h"

namespace assay {

// The parts of a sentence that compares two servers: "hyper needs 31 % more server CPU a request than epoll", "hyper
// needs the same server CPU a request as epoll".
struct MetricWords {
  std::string_view verb;
  std::string_view more;
  std::string_view less;
  std::string_view noun;
  // The noun with "the same" or "as many".
  std::string_view same;
  // What the verdicts kFaster and kSlower are called of this metric.
  std::string_view faster = "faster";
  std::string_view slower = "slower";
};

// A figure of an execution that a plan may use in a threshold or as its primary metric, and that comparisons show. A new
// metric is a new row of the table in metrics.cc.
struct Metric {
  std::string_view name;
  std::string_view unit;
  // A description for users.
  std::string_view meaning;
  MetricWords words;
  // The figure of one execution; not set if it is not known.
  std::optional<double> (*of)(const Figures&) = nullptr;
  Better better = Better::kLower;
  // Available only for servers that an agent starts.
  bool of_server_process = false;
  // Cost or throughput: a comparison is one of the servers' limits only while their CPUs are busy.
  bool depends_on_saturation = false;
  // The figure of a cell is the mean over its executions instead of their median. No comparison uses such a metric.
  bool mean_over_executions = false;
};

// A verdict on a metric, for people. JSON and CSV have ToString(Verdict).
std::string_view VerdictWord(Verdict verdict, const Metric& metric);

// The metric of campaigns that search for the highest rate that meets an objective.
inline constexpr std::string_view kCapacityMetric = "capacity_rps";

// All metrics, in the order in which documents list them.
absl::Span<const Metric> AllMetrics();
// nullptr if there is no such metric.
const Metric* FindMetric(std::string_view name);
std::vector<std::string> MetricNames();

}  // namespace assay

#endif  // ASSAY_ANALYSIS_METRICS_H_

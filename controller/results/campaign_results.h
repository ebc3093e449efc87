#ifndef ASSAY_CONTROLLER_RESULTS_CAMPAIGN_RESULTS_H_
#define ASSAY_CONTROLLER_RESULTS_CAMPAIGN_RESULTS_H_

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "analysis/gates.h"
#include "analysis/order_statistics.h"
#include "controller/store/store.h"
#include "proto/results.pb.h"

namespace assay::controller {

// A quantile that results speak of, and how it is called in JSON and tables.
struct NamedQuantile {
  const char* name;
  double q;
};
inline constexpr std::array<NamedQuantile, 6> kQuantiles = {
    {{"p50", 0.5}, {"p90", 0.9}, {"p95", 0.95}, {"p99", 0.99}, {"p999", 0.999}, {"p9999", 0.9999}}};

// The figures of one measured execution. Times are in microseconds; what cannot be known is not
// set.
struct ExecutionResult {
  std::string id;
  uint32_t block = 0;
  uint32_t attempt = 0;
  // As ExecutionRecord has it.
  uint32_t disturbed_starts = 0;
  // Sent in the window; requests ended, well or not; the rest was still in flight when the drain was over.
  uint64_t sent = 0;
  uint64_t requests = 0;
  // Of those: sent more than once, because the server had not processed them.
  uint64_t retried = 0;
  std::optional<double> rps;
  // Not set where no request has a latency.
  std::optional<double> mean_us;
  // In the order of kQuantiles; not set where the count of requests cannot support it.
  std::array<std::optional<double>, kQuantiles.size()> quantile_us;
  std::optional<double> server_cpu_us_per_request;
  std::optional<double> generator_cpu_us_per_request;
  // Closed loop: how long a connection rests between a response and its next request.
  std::optional<double> think_time_us;
  std::optional<double> server_rss_bytes;
  double start_skew_us = 0;
};

// A figure over the executions of a cell: their median, and its order-statistic interval. Not set
// when any execution lacks it.
using OverExecutions = std::optional<Estimate>;

// One cell of a campaign. Intervals are over executions, the unit of inference.
struct CellResult {
  Cell cell;
  // Whether each execution is a fresh start of the server. Else they are windows of one running server, of a URL: not
  // independent, so that no figure has an interval.
  bool fresh_starts = true;
  std::vector<ExecutionResult> executions;
  // Blocks in which its execution failed, and was not measured in another attempt.
  uint32_t failed = 0;
  // Why that of the last such block did.
  std::string failure;
  OverExecutions rps;
  OverExecutions mean_us;
  std::array<OverExecutions, kQuantiles.size()> quantile_us;
  // Quantiles of all requests of the cell in one histogram: descriptive, for requests are not
  // independent.
  std::array<std::optional<double>, kQuantiles.size()> pooled_us;
  // The original experiment's figure. Not set without executions.
  std::optional<double> mean_of_medians_us;
  OverExecutions server_cpu_us_per_request;
  OverExecutions generator_cpu_us_per_request;
  OverExecutions think_time_us;
  OverExecutions server_rss_bytes;
  // Requests of all executions that were sent more than once.
  uint64_t retried = 0;
  // Each gate once, by its worst execution.
  std::vector<GateResult> gates;
};

// All that a campaign says, derived from what is stored.
struct CampaignResults {
  CampaignRecord campaign;
  // In the plan's order; skipped ones are not among them.
  std::vector<CellResult> cells;
  // Of the campaign as a whole.
  std::vector<GateResult> gates;
  // Blocks in which every cell was measured.
  uint32_t finished_blocks = 0;
  // kDataLoss for each execution that is damaged or missing in the store: no figure here knows of it.
  std::vector<absl::Status> damaged;

  // OK, or what is damaged, in one message.
  absl::Status Damage() const;
  // Whether some gate takes the verdict away.
  bool invalid() const;
};

// Reads and derives, one cell after the other. Histograms are read one execution at a time; some kilobytes a cell are
// kept.
absl::StatusOr<CampaignResults> ReadResults(Store& store, const GateRules& rules,
                                            const CampaignRecord& campaign);

// A plan's threshold and how it came out.
struct ThresholdResult {
  Threshold threshold;
  Cell cell;
  // Not set when the metric is not known for this cell: then it is missed.
  std::optional<double> value;
  // Missed is what is certain: where the metric has an interval, only if that lies beyond the limit as a whole.
  bool met = false;
  // Whether the interval lies on one side of the limit. A metric without an interval is taken at its value.
  bool certain = true;
};

// Every threshold on every cell that it speaks of, those of separate executions for profiles aside.
std::vector<ThresholdResult> JudgeThresholds(const CampaignResults& results);

// A metric of a cell by its name in plans: "rps", "mean_us", "p50_us" ... "p9999_us",
// "server_cpu_us_per_request", "generator_cpu_us_per_request", "server_rss_bytes",
// "mean_of_medians_us".
OverExecutions MetricOf(const CellResult& cell, const std::string& metric);

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_RESULTS_CAMPAIGN_RESULTS_H_

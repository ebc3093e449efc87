#ifndef ASSAY_CONTROLLER_RESULTS_CAMPAIGN_RESULTS_H_
#define ASSAY_CONTROLLER_RESULTS_CAMPAIGN_RESULTS_H_

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "analysis/comparison.h"
#include "analysis/figures.h"
#include "analysis/gates.h"
#include "analysis/order_statistics.h"
#include "controller/results/capacity.h"
#include "controller/results/cell_gates.h"
#include "controller/results/conditions.h"
#include "controller/results/stored_cell.h"
#include "controller/store/store.h"
#include "proto/results.pb.h"

namespace assay::controller {

// One measured execution and its figures. Of `Figures`, `sent` counts the requests sent in the window, and `requests`
// those of them that completed or failed; the others were still in flight at the end of the drain.
struct ExecutionResult : Figures {
  std::string id;
  uint32_t block = 0;
  uint32_t attempt = 0;
  // As in ExecutionRecord.
  uint32_t disturbed_starts = 0;
  std::string group;
  // Whether the load came in slots, and the length of each.
  bool in_slots = false;
  uint64_t slot_ns = 0;
  // Requests that were sent more than once because the server had not processed them.
  uint64_t retried = 0;
  double start_skew_us = 0;
};

// A figure over the executions of a cell: their median and its order-statistic interval. Not set if any execution
// lacks the figure.
using OverExecutions = std::optional<Estimate>;

// One cell of a campaign. Intervals are over executions, the unit of inference. Of a search (IsSearch()), the executions
// are those that confirmed a rate, at most one in each block; each has its own rate.
struct CellResult {
  Cell cell;
  // Whether each execution is a fresh start of the server. Otherwise executions are windows of one running server,
  // given by URL. These are not independent, so no figure has an interval.
  bool fresh_starts = true;
  // By block, without those of the blocks that are left out. No other figure but pooled_us includes the latter.
  std::vector<ExecutionResult> executions;
  std::vector<LeftOutBlock> left_out;
  // Blocks in which the execution of this cell failed and no other attempt measured it.
  uint32_t failed = 0;
  // Why the execution failed in the last such block.
  std::string failure;
  OverExecutions rps;
  OverExecutions mean_us;
  std::array<OverExecutions, kQuantiles.size()> quantile_us;
  // Quantiles of all requests of the cell in one histogram. They are descriptive, because requests are not
  // independent.
  std::array<std::optional<double>, kQuantiles.size()> pooled_us;
  // The original experiment's figure. Not set without executions.
  std::optional<double> mean_of_medians_us;
  OverExecutions server_cpu_us_per_request;
  OverExecutions generator_cpu_us_per_request;
  OverExecutions think_time_us;
  OverExecutions server_rss_bytes;
  // As in CapacityResult; only of a search.
  OverExecutions capacity_rps;
  bool capacity_at_least = false;
  // Requests of all executions that were sent more than once. Not known of an imported cell.
  uint64_t retried = 0;
  // What its executions tell of their conditions, for comparisons with other campaigns.
  ObservedConditions observed;
  // What another tool reported, if the cell was imported (imported_results.h).
  std::optional<ImportedResult> imported;
  // One judgement per gate: that of the worst execution, or of the median one if the gate's rule says so.
  std::vector<GateResult> gates;
};

// The results of a campaign, derived from what the store holds.
struct CampaignResults {
  CampaignRecord campaign;
  // In the plan's order, without skipped cells.
  std::vector<CellResult> cells;
  // Only of a plan with load.find: the searches of each cell, in the order of the cells. Their executions are in no cell,
  // except for those that confirmed a rate.
  std::vector<CapacityResult> capacity;
  // Gates of the campaign as a whole.
  std::vector<GateResult> gates;
  // Executions that older rules had judged, and that were judged again from their stored records; and the version of the
  // rules that judged everything.
  size_t judged_again = 0;
  uint32_t rules_version = 0;
  // Measured executions that no figure includes, because another attempt of their interleaved unit counts
  // (UnitAttempts::LeftOut).
  size_t left_out = 0;
  // Blocks in which every cell was measured, or every search ended.
  uint32_t finished_blocks = 0;
  // For each cell with a threshold on a regression, by CellText(): the same cell of the latest comparable campaign. Absent
  // if there is none.
  std::map<std::string, EarlierCell> comparable;
  // kDataLoss for each execution that is damaged or missing in the store. No figure includes such an execution.
  std::vector<absl::Status> damaged;

  // OK, or one message that lists the damage.
  absl::Status Damage() const;
  // Whether some gate is invalid.
  bool invalid() const;
};

// Reads a campaign from the store and derives its results, one cell after the other. Holds one execution's histogram
// in memory at a time, and some kilobytes per cell. Of an imported campaign, the results are those of ReadImportedResults().
absl::StatusOr<CampaignResults> ReadResults(Store& store, const GateRules& rules,
                                            const CampaignRecord& campaign);

// A plan's threshold and its outcome.
struct ThresholdResult {
  Threshold threshold;
  Cell cell;
  // Not set when the metric is not known for this cell; the threshold is then missed.
  std::optional<double> value;
  // False only if the threshold is certainly missed: a metric with an interval misses it if the whole interval lies
  // beyond the limit.
  bool met = false;
  // Whether the whole interval lies on one side of the limit. Always true for a metric without an interval.
  bool certain = true;
  // The value is a lower bound of a capacity, because the server was not the limit.
  bool lower_bound = false;
  // For a threshold on a regression: the ID of the campaign that the cell is compared with, and the ratio to it. Empty and
  // not set if there is no comparable campaign, or no figure to compare; the threshold is then met and not certain.
  std::string compared_with;
  std::optional<RatioComparison> regression;
  // The conditions that changed since that campaign.
  std::vector<ConditionChange> changes;
};

// Every threshold on every cell that it applies to, except the cells of separate executions for profiles.
std::vector<ThresholdResult> JudgeThresholds(const CampaignResults& results);

// A metric of a cell by its name in analysis/metrics.h. Not set if there is no such metric.
OverExecutions MetricOf(const CellResult& cell, const std::string& metric);

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_RESULTS_CAMPAIGN_RESULTS_H_

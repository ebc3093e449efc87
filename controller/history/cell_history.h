#ifndef ASSAY_CONTROLLER_HISTORY_CELL_HISTORY_H_
#define ASSAY_CONTROLLER_HISTORY_CELL_HISTORY_H_

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "analysis/comparison.h"
#include "analysis/estimate.h"
#include "analysis/gates.h"
#include "analysis/metrics.h"
#include "controller/results/stored_cell.h"
#include "controller/store/store.h"

namespace assay::controller {

// One cell over the campaigns of a store: its figure in each campaign, how it changed from one to the next, and where its
// level changed for good. Campaigns are hours or days apart, so a difference may be the machine's: the history shows what
// else changed.

// A cell as a user writes it. An empty field matches everything.
struct CellQuery {
  // Label of the target, and name of the workload.
  std::string target;
  std::string workload;
  // "64", "64 connections", "20000" or "20000/s".
  std::string level;
  // Empty: the primary metric of the newest campaign with the cell.
  std::string metric;
};

// The cell of one campaign.
struct HistoryPoint {
  // Without the figures of executions.
  StoredCell cell;
  size_t executions = 0;
  // The median over executions, with its interval (analysis/order_statistics.h).
  Estimate estimate;
  // This campaign divided by the one before. Not set for the first campaign.
  std::optional<RatioComparison> change;
  // What differs from the campaign before.
  std::vector<ConditionChange> condition_changes;
  // The median of the campaigns from this one to the next step, divided by that of the campaigns since the step before. Set
  // where the level of the series changes (analysis/change_points.h).
  std::optional<double> step;
};

// A step smaller than this is not marked. Equal to the default zone of an equivalence.
constexpr double kSmallestStep = 0.02;
// The newest campaigns with the cell that a history includes.
constexpr size_t kMostHistoryPoints = 200;

struct CellHistory {
  const Metric* metric = nullptr;
  // Oldest first. At least one.
  std::vector<HistoryPoint> points;
  // Whether older campaigns with the cell were left out.
  bool truncated = false;
  // Campaigns with the cell, but without a figure of it.
  size_t without_figure = 0;
  // Campaigns and executions that could not be read.
  std::vector<absl::Status> damaged;
};

// Reads the history of the cell that the query names. kInvalidArgument if the metric is not known, or if the query matches
// no cell or several; the message lists the cells of the store, or those that match. Reads the executions of each
// campaign that has the cell, and judges them by `rules`.
absl::StatusOr<CellHistory> ReadHistory(Store& store, const GateRules& rules,
                                        const CellQuery& query);

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_HISTORY_CELL_HISTORY_H_

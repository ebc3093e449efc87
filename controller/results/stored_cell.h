#ifndef ASSAY_CONTROLLER_RESULTS_STORED_CELL_H_
#define ASSAY_CONTROLLER_RESULTS_STORED_CELL_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "analysis/figures.h"
#include "analysis/metrics.h"
#include "controller/store/store.h"
#include "proto/results.pb.h"

namespace assay::controller {

// What the figures of a cell depend on, by key: keys of the agents' environment ("cpu.model"), of the server ("server
// build id") and of the plan ("workload"). ConditionsOf() says which.
using Conditions = std::map<std::string, std::string>;

// One cell of one stored campaign, for comparisons between campaigns.
struct StoredCell {
  std::string campaign;
  std::string label;
  int64_t started_us = 0;
  Cell cell;
  // As in CellResult.
  bool fresh_starts = true;
  // The figures of each measured execution, by block. Damaged executions are left out.
  std::vector<Figures> executions;
  Conditions conditions;
  // Whether a gate made one of the executions invalid.
  bool invalid = false;
};

// Cells of a campaign that can be compared with those of other campaigns: all but skipped and profiled cells. None of an
// imported campaign.
std::vector<Cell> ComparableCells(const CampaignRecord& campaign);

// Reads cells of one campaign, in the given order, in one pass over its executions. Appends damaged executions to
// `damaged`. REQUIRES: the cells are of ComparableCells(campaign).
absl::StatusOr<std::vector<StoredCell>> ReadStoredCells(Store& store,
                                                        const CampaignRecord& campaign,
                                                        absl::Span<const Cell> cells,
                                                        std::vector<absl::Status>* damaged);

// For each of these cells of `campaign`, by CellText(): the cell of the latest earlier campaign with which it can be
// compared. That has the same target with the same options, the same workload, level and design, the same CPU model and
// the same CPUs for server and load; at least one measured execution, and none that a gate made invalid. A cell without
// such a campaign is absent. Damaged campaigns are left out. Reads the store's campaigns, newest first, until each cell
// has one.
absl::StatusOr<std::map<std::string, StoredCell>> FindComparable(
    Store& store, const CampaignRecord& campaign, absl::Span<const StoredCell> cells);

// Whether two campaigns measured the same: target with options, workload, load, design, CPU models and pinned CPUs.
bool Comparable(const Conditions& a, const Conditions& b);

// The values of a metric, of the executions that have it.
std::vector<double> ValuesOf(const StoredCell& cell, const Metric& metric);

// One condition that differs.
struct ConditionChange {
  std::string key;
  // Empty if there is no such condition.
  std::string before;
  std::string after;
};
// In the order of the keys. A change of the load agents' environment that is also one of the server agent's is not
// repeated.
std::vector<ConditionChange> ChangesOf(const Conditions& before, const Conditions& after);

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_RESULTS_STORED_CELL_H_

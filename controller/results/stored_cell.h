#ifndef ASSAY_CONTROLLER_RESULTS_STORED_CELL_H_
#define ASSAY_CONTROLLER_RESULTS_STORED_CELL_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "analysis/figures.h"
#include "analysis/gates.h"
#include "analysis/metrics.h"
#include "controller/results/conditions.h"
#include "controller/store/store.h"
#include "proto/results.pb.h"

namespace assay::controller {

// One cell of one stored campaign, for comparisons between campaigns.
struct StoredCell {
  std::string campaign;
  std::string label;
  int64_t started_us = 0;
  Cell cell;
  // As in CellResult.
  bool fresh_starts = true;
  // The figures of each measured execution, by block. Damaged executions are left out, and so are the blocks that gates
  // leave out, of which `left_out` is the number.
  std::vector<Figures> executions;
  size_t left_out = 0;
  Conditions conditions;
  // Whether a gate is invalid, by the rules with which the cell was read: as `show` judges the cell.
  bool invalid = false;
};

// Cells of a campaign that can be compared with those of other campaigns: all but skipped and profiled cells and searches.
// None of an imported campaign.
std::vector<Cell> ComparableCells(const CampaignRecord& campaign);

// Reads cells of one campaign, in the given order, in one pass over its executions. Executions that older rules judged
// are judged again. Appends damaged executions to `damaged`. REQUIRES: the cells are of ComparableCells(campaign).
absl::StatusOr<std::vector<StoredCell>> ReadStoredCells(Store& store, const GateRules& rules,
                                                        const CampaignRecord& campaign,
                                                        absl::Span<const Cell> cells,
                                                        std::vector<absl::Status>* damaged);

// A cell of an earlier campaign, and the conditions that changed since then.
struct EarlierCell {
  StoredCell cell;
  std::vector<ConditionChange> changes;
};

// For each wanted cell of `campaign` (by CellText(), with its conditions): the cell of the latest earlier campaign that is
// Comparable(), has a measured execution, and has no invalid gate. A cell without such a campaign is absent. Damaged
// campaigns are left out. Reads the store's campaigns, newest first, until each cell has one.
absl::StatusOr<std::map<std::string, EarlierCell>> FindComparable(
    Store& store, const GateRules& rules, const CampaignRecord& campaign,
    std::map<std::string, Conditions> wanted);

// The values of a metric, of the executions that have it.
std::vector<double> ValuesOf(const StoredCell& cell, const Metric& metric);

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_RESULTS_STORED_CELL_H_

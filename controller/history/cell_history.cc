#include "controller/history/cell_history.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "analysis/change_points.h"
#include "analysis/order_statistics.h"
#include "common/number_text.h"
#include "common/status_macros.h"
#include "controller/plan/cells.h"
#include "controller/results/regression.h"

namespace assay::controller {
namespace {

constexpr size_t kMostListedCells = 20;

bool IsLevel(const Cell& cell, const std::string& level) {
  if (level.empty() || level == LevelText(cell)) return true;
  return level == (cell.mode() == "closed" ? absl::StrCat(cell.connections())
                                           : NumberText(cell.rate_per_s()));
}

bool Matches(const Cell& cell, const CellQuery& query) {
  return (query.target.empty() || query.target == cell.target()) &&
         (query.workload.empty() || query.workload == cell.workload()) &&
         IsLevel(cell, query.level);
}

// A campaign that has the cell.
struct Found {
  CampaignRecord campaign;
  Cell cell;
};

// The campaigns of the store by whether they have a cell that matches.
struct Search {
  // Newest first.
  std::vector<Found> found;
  std::set<std::string> matching;
  std::set<std::string> others;
  std::vector<absl::Status> damaged;
};

absl::StatusOr<Search> SearchStore(Store& store, const CellQuery& query) {
  Search search;
  ASSAY_ASSIGN_OR_RETURN(const std::vector<CampaignSummary> campaigns, store.ListCampaigns());
  for (const CampaignSummary& summary : campaigns) {
    absl::StatusOr<CampaignRecord> campaign = store.Find(summary.id);
    if (!campaign.ok()) {
      search.damaged.push_back(campaign.status());
      continue;
    }
    for (Cell& cell : ComparableCells(*campaign)) {
      if (!Matches(cell, query)) {
        search.others.insert(CellText(cell));
        continue;
      }
      search.matching.insert(CellText(cell));
      // A query that matches several cells is refused, and older campaigns are left out.
      if (search.matching.size() == 1 && search.found.size() <= kMostHistoryPoints)
        search.found.push_back({*campaign, std::move(cell)});
    }
  }
  return search;
}

std::string ListOf(const std::set<std::string>& cells) {
  const size_t shown = std::min(cells.size(), kMostListedCells);
  std::string text =
      absl::StrJoin(cells.begin(), std::next(cells.begin(), static_cast<int64_t>(shown)), "; ");
  if (shown < cells.size()) absl::StrAppend(&text, "; and ", cells.size() - shown, " more");
  return text;
}

absl::Status CheckUnique(const Search& search) {
  if (search.matching.size() > 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("several cells match; name one with --target, --workload and --level: ",
                     ListOf(search.matching)));
  }
  if (!search.found.empty()) return absl::OkStatus();
  if (search.others.empty()) {
    return absl::InvalidArgumentError(
        "the store has no cell yet; measure one with `run` or `measure`");
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "no campaign of the store has this cell; the store has: ", ListOf(search.others)));
}

absl::StatusOr<const Metric*> MetricFor(const Search& search, const CellQuery& query) {
  const std::string& name =
      query.metric.empty() ? search.found.front().campaign.plan().primary_metric() : query.metric;
  const Metric* const metric = FindMetric(name);
  if (metric == nullptr) {
    return absl::InvalidArgumentError(absl::StrCat("there is no metric \"", name, "\"; there are ",
                                                   absl::StrJoin(MetricNames(), ", ")));
  }
  if (metric->mean_over_executions) {
    return absl::InvalidArgumentError(absl::StrCat(
        name, " is one figure of all executions and cannot be compared; use another metric"));
  }
  return metric;
}

// Marks the campaigns at which the level of the series changes.
void MarkSteps(std::vector<HistoryPoint>& points) {
  std::vector<double> logarithms;
  for (const HistoryPoint& point : points) {
    // A throughput of 0 has no ratio to others.
    if (!(point.estimate.estimate > 0)) return;
    logarithms.push_back(std::log(point.estimate.estimate));
  }
  for (const ChangePoint& change :
       FindChangePoints(logarithms, {.floor = std::log1p(kSmallestStep)})) {
    points[change.index].step = std::exp(change.after - change.before);
  }
}

}  // namespace

absl::StatusOr<CellHistory> ReadHistory(Store& store, const GateRules& rules,
                                        const CellQuery& query) {
  ASSAY_ASSIGN_OR_RETURN(Search search, SearchStore(store, query));
  ASSAY_RETURN_IF_ERROR(CheckUnique(search));
  CellHistory history;
  ASSAY_ASSIGN_OR_RETURN(history.metric, MetricFor(search, query));
  history.damaged = std::move(search.damaged);
  history.truncated = search.found.size() > kMostHistoryPoints;
  if (history.truncated) search.found.resize(kMostHistoryPoints);
  std::reverse(search.found.begin(), search.found.end());
  std::vector<double> before;
  for (const Found& found : search.found) {
    ASSAY_ASSIGN_OR_RETURN(
        std::vector<StoredCell> cells,
        ReadStoredCells(store, rules, found.campaign, {&found.cell, 1}, &history.damaged));
    StoredCell& cell = cells.front();
    std::vector<double> values = ValuesOf(cell, *history.metric);
    if (values.empty()) {
      ++history.without_figure;
      continue;
    }
    HistoryPoint point;
    point.executions = values.size();
    point.estimate = MedianInterval(values);
    if (!cell.fresh_starts) point.estimate.low = point.estimate.high = std::nullopt;
    if (!history.points.empty()) {
      const StoredCell& last = history.points.back().cell;
      // Of other work, or on another machine, there is nothing to compare; the changed conditions are listed.
      if (Comparable(last.conditions, cell.conditions)) {
        point.change = CompareCampaigns(before, values, *history.metric,
                                        cell.fresh_starts && last.fresh_starts);
      }
      point.condition_changes = ChangesOf(last.conditions, cell.conditions);
    }
    cell.executions.clear();
    point.cell = std::move(cell);
    history.points.push_back(std::move(point));
    before = std::move(values);
  }
  if (history.points.empty()) {
    return absl::InvalidArgumentError(absl::StrCat("no campaign of the store has a figure ",
                                                   std::string(history.metric->name), " of ",
                                                   CellText(search.found.front().cell)));
  }
  MarkSteps(history.points);
  return history;
}

}  // namespace assay::controller

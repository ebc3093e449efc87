#include "controller/results/stored_cell.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "common/status_macros.h"
#include "controller/gates/gate_keeper.h"
#include "controller/plan/capacity_search.h"
#include "controller/plan/cells.h"
#include "controller/results/cell_gates.h"
#include "controller/results/imported_results.h"
#include "controller/results/outdated_gates.h"
#include "controller/results/unit_attempts.h"
#include "proto/convert/execution_figures.h"
#include "proto/convert/histogram_proto.h"

namespace assay::controller {
namespace {

// A cell while its executions are read.
struct Reading {
  StoredCell stored;
  CellGates gates;
  // Of stored.executions.
  std::vector<uint32_t> blocks;
  ObservedConditions observed;

  // kDataLoss if the record, of a version without hashes, is damaged.
  absl::Status Add(const ExecutionRecord& record) {
    const absl::StatusOr<LatencyHistogram> latency = FromProto(record.latency());
    if (!latency.ok()) {
      return absl::DataLossError(absl::StrCat("execution ", record.id(), " of campaign ",
                                              stored.campaign,
                                              " is damaged: ", latency.status().message()));
    }
    stored.executions.push_back(FiguresOf(record, *latency));
    blocks.push_back(record.block());
    Observe(record, &observed);
    return absl::OkStatus();
  }

  // After the last execution: as ReadResults() does for a campaign.
  void ConcludeGates(const GateRules& rules) {
    const std::set<uint32_t> measured(blocks.begin(), blocks.end());
    const CellGates::Conclusion conclusion = gates.Conclude(rules, measured.size());
    stored.invalid =
        std::any_of(conclusion.gates.begin(), conclusion.gates.end(),
                    [](const GateResult& gate) { return gate.verdict() == GateResult::INVALID; });
    stored.left_out = conclusion.left_out.size();
    std::vector<Figures> kept;
    for (size_t i = 0; i < blocks.size(); ++i) {
      const bool left_out =
          std::any_of(conclusion.left_out.begin(), conclusion.left_out.end(),
                      [&](const LeftOutBlock& one) { return one.block == blocks[i]; });
      if (!left_out) kept.push_back(std::move(stored.executions[i]));
    }
    stored.executions = std::move(kept);
  }
};

}  // namespace

std::vector<Cell> ComparableCells(const CampaignRecord& campaign) {
  if (IsImported(campaign)) return {};
  const std::vector<SkippedTarget> skipped(campaign.skipped().begin(), campaign.skipped().end());
  const SkippedCells skipped_cells(skipped);
  std::vector<Cell> cells = CellsOf(campaign.plan());
  cells.erase(std::remove_if(cells.begin(), cells.end(),
                             [&](const Cell& cell) {
                               return cell.profiled() || IsSearch(cell) ||
                                      skipped_cells.Contains(cell);
                             }),
              cells.end());
  return cells;
}

absl::StatusOr<std::vector<StoredCell>> ReadStoredCells(Store& store, const GateRules& rules,
                                                        const CampaignRecord& campaign,
                                                        absl::Span<const Cell> cells,
                                                        std::vector<absl::Status>* damaged) {
  std::vector<Reading> readings;
  absl::flat_hash_map<std::string, size_t> index;
  for (const Cell& cell : cells) {
    index[CellText(cell)] = readings.size();
    readings.push_back(
        {.stored = {.campaign = campaign.id(),
                    .label = campaign.label(),
                    .started_us = campaign.started_us(),
                    .cell = cell,
                    .fresh_starts = TargetOfCell(campaign.plan(), cell).url().empty(),
                    .executions = {}}});
  }
  ASSAY_ASSIGN_OR_RETURN(const absl::flat_hash_set<std::string> left_out,
                         LeftOutExecutions(store, campaign));
  OutdatedGates outdated(rules, campaign);
  const auto take = [&](const ExecutionRecord& record) -> absl::Status {
    if (record.status() != ExecutionRecord::MEASURED) return absl::OkStatus();
    const auto found = index.find(CellText(record.cell()));
    if (left_out.contains(record.id())) return absl::OkStatus();
    if (found == index.end()) {
      outdated.SeeForItsGroup(record);
      return absl::OkStatus();
    }
    Reading& reading = readings[found->second];
    if (absl::Status status = reading.Add(record); !status.ok()) {
      damaged->push_back(std::move(status));
      return absl::OkStatus();
    }
    outdated.See(record);
    if (IsOutdated(rules, record)) return absl::OkStatus();
    for (const GateResult& gate : record.gates()) reading.gates.Add(rules, record.block(), gate);
    return absl::OkStatus();
  };
  ASSAY_RETURN_IF_ERROR(
      store.ForEachExecution(campaign.id(), take, damaged, Store::Order::kByCell));
  ASSAY_RETURN_IF_ERROR(
      outdated.JudgeAgain(store, [&](const Cell& cell, uint32_t block, const GateResult& gate) {
        readings[index.at(CellText(cell))].gates.Add(rules, block, gate);
      }));
  std::vector<StoredCell> stored;
  for (Reading& reading : readings) {
    reading.stored.conditions = ConditionsOf(campaign, reading.stored.cell, reading.observed);
    reading.ConcludeGates(rules);
    stored.push_back(std::move(reading.stored));
  }
  return stored;
}

absl::StatusOr<std::map<std::string, EarlierCell>> FindComparable(
    Store& store, const GateRules& rules, const CampaignRecord& campaign,
    std::map<std::string, Conditions> wanted) {
  std::map<std::string, EarlierCell> found;
  ASSAY_ASSIGN_OR_RETURN(const std::vector<CampaignSummary> campaigns, store.ListCampaigns());
  for (const CampaignSummary& summary : campaigns) {
    if (wanted.empty()) break;
    if (summary.damaged || summary.started_us >= campaign.started_us()) continue;
    const absl::StatusOr<CampaignRecord> earlier = store.Find(summary.id);
    if (!earlier.ok()) continue;
    std::vector<Cell> candidates;
    for (Cell& cell : ComparableCells(*earlier)) {
      if (wanted.contains(CellText(cell))) candidates.push_back(std::move(cell));
    }
    if (candidates.empty()) continue;
    std::vector<absl::Status> damaged;
    ASSAY_ASSIGN_OR_RETURN(std::vector<StoredCell> stored,
                           ReadStoredCells(store, rules, *earlier, candidates, &damaged));
    for (StoredCell& one : stored) {
      const auto wish = wanted.find(CellText(one.cell));
      if (one.executions.empty() || one.invalid || !Comparable(one.conditions, wish->second)) {
        continue;
      }
      std::vector<ConditionChange> changes = ChangesOf(one.conditions, wish->second);
      found.emplace(wish->first, EarlierCell{std::move(one), std::move(changes)});
      wanted.erase(wish);
    }
  }
  return found;
}

std::vector<double> ValuesOf(const StoredCell& cell, const Metric& metric) {
  std::vector<double> values;
  for (const Figures& figures : cell.executions) {
    const std::optional<double> value = metric.of(figures);
    if (value.has_value()) values.push_back(*value);
  }
  return values;
}

}  // namespace assay::controller

#include "controller/plan/cells.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstddef>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "analysis/block_order.h"
#include "common/number_text.h"
#include "controller/plan/capacity_search.h"
#include "controller/plan/interleaving.h"

namespace assay::controller {

std::vector<Cell> CellsOf(const Plan& plan) {
  std::vector<Cell> cells;
  const bool apart = plan.profile().has_separate_execution();
  for (const PlanTarget& target : plan.targets()) {
    const bool profiled = plan.has_profile() && target.url().empty();
    for (const Workload& workload : plan.workloads()) {
      for (const LoadLevel& level : LevelsOf(plan.load())) {
        Cell cell;
        cell.set_target(target.label());
        cell.set_workload(workload.name());
        cell.set_mode(level.mode);
        if (level.rate_per_s > 0) {
          cell.set_rate_per_s(level.rate_per_s);
        } else {
          cell.set_connections(level.connections);
        }
        cell.set_profiled(profiled && !apart);
        cells.push_back(cell);
      }
      if (!profiled || !apart || cells.empty()) continue;
      Cell longer = cells.back();
      longer.set_profiled(true);
      cells.push_back(longer);
    }
  }
  return cells;
}

const PlanTarget& TargetOfCell(const Plan& plan, const Cell& cell) {
  const auto found =
      std::find_if(plan.targets().begin(), plan.targets().end(),
                   [&](const PlanTarget& target) { return target.label() == cell.target(); });
  assert(found != plan.targets().end());
  return *found;
}

const Workload& WorkloadOfCell(const Plan& plan, const Cell& cell) {
  const auto found =
      std::find_if(plan.workloads().begin(), plan.workloads().end(),
                   [&](const Workload& workload) { return workload.name() == cell.workload(); });
  assert(found != plan.workloads().end());
  return *found;
}

bool IsSeparateExecution(const Plan& plan, const Cell& cell) {
  return cell.profiled() && plan.profile().has_separate_execution();
}

SkippedCells::SkippedCells(const std::vector<SkippedTarget>& skipped) {
  for (const SkippedTarget& one : skipped) skipped_.emplace(one.target(), one.workload());
}

bool SkippedCells::Contains(const Cell& cell) const {
  return !skipped_.empty() && (skipped_.contains({cell.target(), ""}) ||
                               skipped_.contains({cell.target(), cell.workload()}));
}

WindowBound BoundOfCell(const Plan& plan, const Cell& cell) {
  if (IsSeparateExecution(plan, cell)) {
    return {absl::Seconds(plan.profile().separate_execution().seconds()), 0};
  }
  return BoundOf(plan.load());
}

// The cells that are measured together, as indexes into `cells`.
std::vector<std::vector<int>> UnitsOf(const Plan& plan, const std::vector<Cell>& cells) {
  std::vector<std::vector<int>> units;
  absl::flat_hash_map<std::string, size_t> interleaved;
  for (int i = 0; i < static_cast<int>(cells.size()); ++i) {
    if (!IsInterleaved(plan, cells[i])) {
      units.push_back({i});
      continue;
    }
    const auto [unit, added] = interleaved.try_emplace(UnitKeyOf(cells[i]), units.size());
    if (added) units.emplace_back();
    units[unit->second].push_back(i);
  }
  return units;
}

std::vector<ScheduledExecution> ScheduleOf(const Plan& plan) {
  const std::vector<Cell> cells = CellsOf(plan);
  const std::vector<std::vector<int>> units = UnitsOf(plan, cells);
  std::vector<ScheduledExecution> schedule;
  schedule.reserve(cells.size() * plan.blocks());
  for (uint32_t block = 0; block < plan.blocks(); ++block) {
    uint32_t position = 0;
    uint32_t unit = 0;
    for (const uint32_t index :
         BlockOrder(plan.seed(), block, static_cast<uint32_t>(units.size()))) {
      for (const int cell : units[index]) {
        schedule.push_back({cell, cells[cell], block, position++, unit});
      }
      ++unit;
    }
  }
  return schedule;
}

std::string LevelText(const Cell& cell) {
  if (IsSearch(cell)) return "capacity";
  if (cell.mode() != "closed" && cell.rate_per_s() > 0) return NumberText(cell.rate_per_s()) + "/s";
  if (cell.connections() == 0) return "n/a";
  return CountText(cell.connections(), "connection");
}

std::string CellText(const Cell& cell) {
  return absl::StrCat(cell.target(), " ", cell.workload(), " ", LevelText(cell),
                      cell.profiled() ? " profiled" : "");
}

CampaignLength LengthOf(const Plan& plan, int executions, const ExecutionCosts& costs) {
  CampaignLength length;
  const absl::Duration pause = absl::Seconds(plan.pause().seconds());
  if (plan.load().has_find()) {
    const SearchRules rules = SearchRulesOf(plan);
    const absl::Duration warmup = absl::Seconds(plan.load().warmup().seconds());
    length.measuring =
        executions * (rules.most_probes * (warmup + ProbeLengthOf(plan.load().find())) +
                      rules.most_confirmations * (warmup + BoundOf(plan.load()).duration));
    length.total = length.measuring + executions * (rules.most_probes + rules.most_confirmations) *
                                          (costs.around + pause);
    return length;
  }
  const std::vector<Cell> cells = CellsOf(plan);
  absl::Duration of_block;
  for (const Cell& cell : cells) {
    if (IsInterleaved(plan, cell)) {
      const auto targets = static_cast<uint32_t>(plan.targets_size());
      of_block += LengthOfSlots(SlotLengthsOf(plan, cell, targets, 1), targets) / targets;
      continue;
    }
    const WindowBound bound = BoundOfCell(plan, cell);
    length.guessed = length.guessed || bound.requests > 0;
    of_block += absl::Seconds(plan.load().warmup().seconds()) + bound.duration +
                absl::Seconds(static_cast<double>(bound.requests) / costs.requests_per_s);
  }
  if (!cells.empty()) length.measuring = of_block * executions / static_cast<double>(cells.size());
  length.total = length.measuring + executions * costs.around;
  // Executions of a unit are made together. There is one pause less than units.
  const double units =
      std::ceil(static_cast<double>(executions) * static_cast<double>(UnitsOf(plan, cells).size()) /
                static_cast<double>(std::max<size_t>(1, cells.size())));
  if (units > 1) length.total += (units - 1) * absl::Seconds(plan.pause().seconds());
  return length;
}

}  // namespace assay::controller

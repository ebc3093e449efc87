#include "controller/pilot/measured_spread.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "controller/plan/cells.h"
#include "controller/plan/interleaving.h"
#include "controller/plan/load_levels.h"
#include "controller/plan/verdict_family.h"

namespace assay::controller {

std::vector<PlannedComparison> ComparisonsOf(const Plan& plan,
                                             const std::vector<SkippedTarget>& skipped) {
  const std::vector<const PlanTarget*> candidates = CandidatesOf(plan);
  const SkippedCells skipped_cells(skipped);
  std::vector<PlannedComparison> comparisons;
  for (const Cell& cell : CellsOf(plan)) {
    const bool is_candidate =
        std::any_of(candidates.begin(), candidates.end(),
                    [&](const PlanTarget* target) { return target->label() == cell.target(); });
    Cell of_baseline = cell;
    of_baseline.set_target(plan.baseline());
    if (!is_candidate || IsSeparateExecution(plan, cell) || skipped_cells.Contains(cell) ||
        skipped_cells.Contains(of_baseline)) {
      continue;
    }
    comparisons.push_back({plan.baseline(), cell.target(), cell});
  }
  return comparisons;
}

double LoadOfBlock(const Plan& plan, const Cell& cell, uint32_t targets) {
  if (IsInterleaved(plan, cell)) {
    const SlotLengths lengths = SlotLengthsOf(plan, cell, targets, 1);
    return absl::ToDoubleSeconds(lengths.slot * lengths.rounds);
  }
  const WindowBound bound = BoundOf(plan.load());
  return bound.requests > 0 ? static_cast<double>(bound.requests)
                            : absl::ToDoubleSeconds(bound.duration);
}

uint32_t TargetsServing(const Plan& plan, const std::vector<SkippedTarget>& skipped,
                        const std::string& workload) {
  const SkippedCells skipped_cells(skipped);
  uint32_t serving = 0;
  for (const PlanTarget& target : plan.targets()) {
    Cell cell;
    cell.set_target(target.label());
    cell.set_workload(workload);
    serving += skipped_cells.Contains(cell) ? 0 : 1;
  }
  return serving;
}

MeasuredSpread SpreadIn(const CampaignVerdict& verdict, const PlannedComparison& comparison,
                        const std::string& label, const std::string& metric) {
  MeasuredSpread measured{.comparison = comparison};
  measured.missing = absl::StrCat("nothing was measured at ", LevelText(comparison.cell));
  // A pilot takes no profiles.
  const auto key_of = [&](Cell cell) {
    cell.set_target(label);
    cell.clear_profiled();
    return CellText(cell);
  };
  for (const Comparison& one : verdict.comparisons) {
    if (one.metric->name != metric || one.candidate != label ||
        key_of(one.cell) != key_of(comparison.cell)) {
      continue;
    }
    measured.spread = one.block_spread;
    for (const GateResult& gate : one.voided_by) measured.invalid_gates.push_back(gate.name());
    if (measured.spread.has_value()) {
      measured.missing.clear();
    } else if (!one.missing.empty()) {
      measured.missing = one.missing;
    } else {
      measured.missing = "fewer than two independent blocks were measured";
    }
    break;
  }
  return measured;
}

}  // namespace assay::controller

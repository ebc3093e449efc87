#include "controller/results/unit_attempts.h"

#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "common/status_macros.h"
#include "controller/plan/interleaving.h"

namespace assay::controller {

std::string UnitAttempts::KeyOf(const Cell& cell, uint32_t block) const {
  return absl::StrCat(block, "\n", IsInterleaved(plan_, cell) ? UnitKeyOf(cell) : CellText(cell));
}

const UnitAttempts::Unit* UnitAttempts::Find(absl::Span<const ScheduledExecution> unit) const {
  const auto found = units_.find(KeyOf(unit.front().cell, unit.front().block));
  return found == units_.end() ? nullptr : &found->second;
}

void UnitAttempts::See(const ExecutionRecord& execution) {
  const Cell& cell = execution.cell();
  Unit& unit = units_[KeyOf(cell, execution.block())];
  unit.interleaved = IsInterleaved(plan_, cell);
  unit.next_attempt = std::max(unit.next_attempt, execution.attempt() + 1);
  if (execution.status() != ExecutionRecord::MEASURED) return;
  unit.measured[{execution.attempt(), execution.group()}][cell.target()] = execution.id();
}

bool UnitAttempts::IsMeasured(absl::Span<const ScheduledExecution> unit) const {
  const Unit* const known = Find(unit);
  if (known == nullptr) return false;
  return std::any_of(known->measured.begin(), known->measured.end(), [&](const auto& attempt) {
    const auto& [number_and_group, ids] = attempt;
    // Without a group, they were not alive together.
    if (unit.size() > 1 && number_and_group.second.empty()) return false;
    return std::all_of(unit.begin(), unit.end(), [&ids = ids](const ScheduledExecution& one) {
      return ids.contains(one.cell.target());
    });
  });
}

uint32_t UnitAttempts::NextAttempt(absl::Span<const ScheduledExecution> unit) const {
  const Unit* const known = Find(unit);
  return known == nullptr ? 0 : known->next_attempt;
}

absl::flat_hash_set<std::string> UnitAttempts::LeftOut() const {
  absl::flat_hash_set<std::string> left_out;
  for (const auto& [key, unit] : units_) {
    if (!unit.interleaved || unit.measured.size() < 2) continue;
    const auto counts = std::max_element(
        unit.measured.rbegin(), unit.measured.rend(),
        [](const auto& a, const auto& b) { return a.second.size() < b.second.size(); });
    for (const auto& attempt : unit.measured) {
      if (attempt.first == counts->first) continue;
      for (const auto& [target, id] : attempt.second) left_out.insert(id);
    }
  }
  return left_out;
}

absl::StatusOr<absl::flat_hash_set<std::string>> LeftOutExecutions(Store& store,
                                                                   const CampaignRecord& campaign) {
  if (campaign.plan().design() != Plan::INTERLEAVED) return absl::flat_hash_set<std::string>();
  ASSAY_ASSIGN_OR_RETURN(const bool repeated, store.HasRepeatedExecution(campaign.id()));
  if (!repeated) return absl::flat_hash_set<std::string>();
  UnitAttempts attempts(campaign.plan());
  // The readers of figures report the damage.
  std::vector<absl::Status> damaged;
  ASSAY_RETURN_IF_ERROR(store.ForEachExecution(
      campaign.id(),
      [&](const ExecutionRecord& execution) {
        attempts.See(execution);
        return absl::OkStatus();
      },
      &damaged));
  return attempts.LeftOut();
}

}  // namespace assay::controller

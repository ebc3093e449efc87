#include "controller/results/cell_gates.h"

#include <algorithm>
#include <cstdint>
#include <utility>

namespace assay::controller {
namespace {

// Severity. An unreadable figure is worse than a warning, because its value is not known.
int Badness(GateResult::Verdict verdict) {
  switch (verdict) {
    case GateResult::INVALID:
      return 3;
    case GateResult::UNREADABLE:
      return 2;
    case GateResult::WARN:
      return 1;
    default:
      return 0;
  }
}

// Compares two results of one gate.
bool IsWorse(const GateRules& rules, const GateResult& a, const GateResult& b) {
  if (a.verdict() != b.verdict()) return Badness(a.verdict()) > Badness(b.verdict());
  const GateRule* const rule = rules.Find(a.name());
  const bool less_is_bad = rule != nullptr && rule->direction == GateDirection::kMin;
  return less_is_bad ? a.value() < b.value() : a.value() > b.value();
}

void KeepWorst(const GateRules& rules, const GateResult& gate, std::vector<GateResult>& gates) {
  const auto found = std::find_if(gates.begin(), gates.end(),
                                  [&](const GateResult& one) { return one.name() == gate.name(); });
  if (found == gates.end()) {
    gates.push_back(gate);
  } else if (IsWorse(rules, gate, *found)) {
    *found = gate;
  }
}

// The judgement of the median execution; of two middle ones the worse. REQUIRES: not empty.
GateResult TypicalOf(const GateRules& rules, std::vector<GateResult> results) {
  const auto middle = results.begin() + static_cast<int64_t>((results.size() - 1) / 2);
  std::nth_element(results.begin(), middle, results.end(),
                   [&](const GateResult& a, const GateResult& b) { return IsWorse(rules, a, b); });
  return *middle;
}

}  // namespace

void CellGates::Add(const GateRules& rules, const GateResult& gate) {
  const GateRule* const rule = rules.Find(gate.name());
  if (rule != nullptr && rule->typical_execution) {
    typical_[gate.name()].push_back(gate);
  } else {
    KeepWorst(rules, gate, worst_);
  }
}

std::vector<GateResult> CellGates::Conclude(const GateRules& rules) {
  for (auto& [name, results] : typical_) worst_.push_back(TypicalOf(rules, std::move(results)));
  typical_.clear();
  return std::exchange(worst_, {});
}

}  // namespace assay::controller

#include "controller/results/cell_gates.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/number_text.h"

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

void CellGates::Add(const GateRules& rules, uint32_t block, const GateResult& gate) {
  const GateRule* const rule = rules.Find(gate.name());
  if (rule != nullptr && rule->typical_execution) {
    typical_[gate.name()].push_back(gate);
  } else if (rule != nullptr && rule->leaves_block_out && gate.verdict() == GateResult::INVALID) {
    disturbed_.push_back({block, gate});
  } else {
    KeepWorst(rules, gate, worst_);
  }
}

CellGates::Conclusion CellGates::Conclude(const GateRules& rules, size_t blocks) {
  for (auto& [name, results] : typical_) worst_.push_back(TypicalOf(rules, std::move(results)));
  typical_.clear();
  std::map<uint32_t, const GateResult*> by_block;
  for (const LeftOutBlock& one : disturbed_) by_block.emplace(one.block, &one.gate);
  const bool leave_out = rules.MayLeaveOut(by_block.size(), blocks);
  Conclusion conclusion;
  for (const LeftOutBlock& one : disturbed_) {
    GateResult gate = one.gate;
    if (leave_out) {
      gate.set_verdict(GateResult::WARN);
      gate.set_advice(absl::StrCat(by_block.size(), " of ", CountText(blocks, "block"),
                                   by_block.size() == 1 ? " is" : " are",
                                   " left out of figures and comparisons because of such a "
                                   "disturbance; ",
                                   gate.advice()));
    }
    KeepWorst(rules, gate, worst_);
  }
  if (leave_out) {
    for (const auto& [block, gate] : by_block) conclusion.left_out.push_back({block, *gate});
  }
  disturbed_.clear();
  conclusion.gates = std::exchange(worst_, {});
  return conclusion;
}

}  // namespace assay::controller

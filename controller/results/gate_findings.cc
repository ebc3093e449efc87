#include "controller/results/gate_findings.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "controller/plan/cells.h"

namespace assay::controller {

std::string GateFinding::Where() const {
  return cells.size() == 1 ? cells.front()
                           : absl::StrCat(cells.front(), " and ", cells.size() - 1, " more");
}

GateFindings FindingsOf(const CampaignResults& results) {
  GateFindings found;
  const auto add = [&](const GateResult& gate, const std::string& cell) {
    if (gate.verdict() == GateResult::PASS) {
      ++found.passed;
      return;
    }
    const auto same =
        std::find_if(found.findings.begin(), found.findings.end(), [&](const GateFinding& one) {
          return one.gate.name() == gate.name() && one.gate.verdict() == gate.verdict();
        });
    if (same == found.findings.end()) {
      found.findings.push_back({gate, {cell}});
    } else {
      same->cells.push_back(cell);
    }
  };
  for (const GateResult& gate : results.gates) add(gate, "the campaign");
  for (const CellResult& cell : results.cells) {
    for (const GateResult& gate : cell.gates) add(gate, CellText(cell.cell));
  }
  return found;
}

}  // namespace assay::controller

#include "controller/results/gate_findings.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "common/number_text.h"
#include "controller/plan/cells.h"
#include "controller/results/results_json.h"
#include "controller/results/text_table.h"

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

std::string AdviceOn(const GateResult& gate) {
  constexpr absl::string_view kUnreadable = "unreadable: ";
  const absl::string_view advice = gate.advice();
  const size_t reason = advice.find(kUnreadable);
  if (gate.verdict() != GateResult::UNREADABLE || reason == absl::string_view::npos)
    return std::string(advice);
  return std::string(advice.substr(reason + kUnreadable.size()));
}

std::string GateFigureText(const GateResult& gate) {
  return absl::StrCat(gate.name(), " ",
                      gate.has_value() ? FourDigits(gate.value()) : "not readable", " (limit ",
                      NumberText(gate.limit()), gate.unit().empty() ? "" : " ", gate.unit(), ")");
}

std::string FindingText(const GateFinding& finding) {
  return absl::StrCat(VerdictText(finding.gate.verdict()), ": ", GateFigureText(finding.gate),
                      " in ", finding.Where(), ": ", AdviceOn(finding.gate));
}

}  // namespace assay::controller

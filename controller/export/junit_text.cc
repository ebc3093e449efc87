#include "controller/export/junit_text.h"

#include <algorithm>
#include <cstddef>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "common/number_text.h"
#include "common/utf8.h"
#include "controller/plan/cells.h"
#include "controller/results/gate_findings.h"
#include "controller/results/results_json.h"
#include "controller/results/threshold_text.h"
#include "controller/verdict/verdict_words.h"

namespace assay::controller {
namespace {

constexpr double kMicrosInSecond = 1e6;

enum class Outcome { kPassed, kSkipped, kFailure, kError };

struct Case {
  std::string name;
  Outcome outcome = Outcome::kPassed;
  // "slower", "invalid", ...: the type of a failure or an error.
  std::string type;
  // Why; of a case that passed, what is remarkable about it, if anything.
  std::string message;
};

struct Suite {
  std::string name;
  std::vector<Case> cases;
};

// Text within a tag or an element. XML 1.0 has no control characters and not the last two code points of a plane.
std::string XmlText(std::string_view text) {
  return absl::StrReplaceAll(TerminalText(text), {{"&", "&amp;"},
                                                  {"<", "&lt;"},
                                                  {">", "&gt;"},
                                                  {"\"", "&quot;"},
                                                  {"\xEF\xBF\xBE", "\xEF\xBF\xBD"},
                                                  {"\xEF\xBF\xBF", "\xEF\xBF\xBD"}});
}

// Two gates of the campaign may have one name and subject; readers tell cases apart by their names.
void MakeNamesUnique(Suite& suite) {
  std::set<std::string> known;
  for (Case& one : suite.cases) {
    const std::string name = one.name;
    for (int number = 2; !known.insert(one.name).second; ++number)
      one.name = absl::StrCat(name, " (", number, ")");
  }
}

size_t CountOf(const Suite& suite, Outcome outcome) {
  return static_cast<size_t>(
      std::count_if(suite.cases.begin(), suite.cases.end(),
                    [outcome](const Case& one) { return one.outcome == outcome; }));
}

std::string CaseXml(const Suite& suite, const Case& one) {
  std::string xml = absl::StrCat("    <testcase classname=\"assay.", suite.name, "\" name=\"",
                                 XmlText(one.name), "\"");
  const std::string message = XmlText(one.message);
  switch (one.outcome) {
    case Outcome::kPassed:
      if (message.empty()) return absl::StrCat(xml, "/>\n");
      return absl::StrCat(xml, ">\n      <system-out>", message,
                          "</system-out>\n    </testcase>\n");
    case Outcome::kSkipped:
      return absl::StrCat(xml, ">\n      <skipped message=\"", message, "\"/>\n    </testcase>\n");
    case Outcome::kFailure:
    case Outcome::kError: {
      const char* const tag = one.outcome == Outcome::kError ? "error" : "failure";
      return absl::StrCat(xml, ">\n      <", tag, " type=\"", XmlText(one.type), "\" message=\"",
                          message, "\">", message, "</", tag, ">\n    </testcase>\n");
    }
  }
  return "";
}

std::string SuiteXml(const Suite& suite, const CampaignRecord& campaign) {
  // The date has no zone in the common schema.
  std::string date = TimeText(campaign.started_us());
  if (!date.empty()) date.pop_back();
  std::string xml = absl::StrCat(
      "  <testsuite name=\"", suite.name, "\" tests=\"", suite.cases.size(), "\" failures=\"",
      CountOf(suite, Outcome::kFailure), "\" errors=\"", CountOf(suite, Outcome::kError),
      "\" skipped=\"", CountOf(suite, Outcome::kSkipped), "\"");
  if (!date.empty()) absl::StrAppend(&xml, " timestamp=\"", date, "\"");
  if (!campaign.agents().empty()) {
    absl::StrAppend(&xml, " hostname=\"", XmlText(campaign.agents(0).description().host()), "\"");
  }
  absl::StrAppend(&xml, ">\n");
  for (const Case& one : suite.cases) xml += CaseXml(suite, one);
  return absl::StrCat(xml, "  </testsuite>\n");
}

Suite MeasurementOf(const CampaignResults& results) {
  Suite suite{.name = "measurement", .cases = {}};
  const CampaignRecord& campaign = results.campaign;
  Case whole{.name = "the campaign is complete"};
  if (campaign.status() != CampaignRecord::COMPLETE) {
    whole.outcome = Outcome::kError;
    whole.type = StatusText(campaign.status());
    whole.message =
        absl::StrCat("the campaign is ", StatusText(campaign.status()),
                     campaign.status_reason().empty() ? "" : ": ", campaign.status_reason());
  }
  suite.cases.push_back(std::move(whole));
  for (const CellResult& cell : results.cells) {
    Case one{.name = absl::StrCat("executions of ", CellText(cell.cell))};
    if (cell.failed > 0) {
      one.outcome = Outcome::kError;
      one.type = "failed";
      one.message = absl::StrCat(cell.failed, cell.failed == 1 ? " execution" : " executions",
                                 " failed: ", cell.failure);
    } else if (cell.executions.empty()) {
      one.outcome = Outcome::kError;
      one.type = "missing";
      one.message = "no execution was measured";
    }
    suite.cases.push_back(std::move(one));
  }
  for (const SkippedTarget& one : campaign.skipped()) {
    suite.cases.push_back({.name = absl::StrCat("executions of ", one.target(),
                                                one.workload().empty() ? "" : " ", one.workload()),
                           .outcome = Outcome::kSkipped,
                           .message = one.reason()});
  }
  for (const absl::Status& one : results.damaged) {
    suite.cases.push_back({.name = absl::StrCat("stored record ", suite.cases.size()),
                           .outcome = Outcome::kError,
                           .type = "damaged",
                           .message = std::string(one.message())});
  }
  return suite;
}

Case GateCase(const GateResult& gate, const std::string& place) {
  Case one{.name = absl::StrCat(gate.name(), " in ", place)};
  const std::string text =
      absl::StrCat(VerdictText(gate.verdict()), ": ", GateFigureText(gate), ": ", AdviceOn(gate));
  switch (gate.verdict()) {
    case GateResult::PASS:
      return one;
    case GateResult::WARN:
      one.message = text;
      return one;
    case GateResult::INVALID:
      one.outcome = Outcome::kError;
      one.type = "invalid";
      one.message = text;
      return one;
    default:
      one.outcome = Outcome::kSkipped;
      one.message = text;
      return one;
  }
}

Suite GatesOf(const CampaignResults& results) {
  Suite suite{.name = "gates", .cases = {}};
  for (const GateResult& gate : results.gates)
    suite.cases.push_back(
        GateCase(gate, gate.subject().empty() ? std::string("the campaign") : gate.subject()));
  for (const CellResult& cell : results.cells) {
    for (const GateResult& gate : cell.gates)
      suite.cases.push_back(GateCase(gate, CellText(cell.cell)));
  }
  return suite;
}

// The invalid gate of the cell or of the campaign that voids a figure of the cell; nullptr if there is none.
const GateResult* VoidOf(const CampaignResults& results, const Cell& cell) {
  const auto find = [](const std::vector<GateResult>& gates) -> const GateResult* {
    const auto found = std::find_if(gates.begin(), gates.end(), [](const GateResult& gate) {
      return gate.verdict() == GateResult::INVALID;
    });
    return found == gates.end() ? nullptr : &*found;
  };
  const std::string name = CellText(cell);
  for (const CellResult& one : results.cells) {
    if (CellText(one.cell) != name) continue;
    if (const GateResult* const gate = find(one.gates)) return gate;
  }
  return find(results.gates);
}

Suite ThresholdsOf(const CampaignResults& results) {
  Suite suite{.name = "thresholds", .cases = {}};
  for (const ThresholdResult& one : JudgeThresholds(results)) {
    Case made{.name = ThresholdName(one)};
    if (const GateResult* const gate = VoidOf(results, one.cell)) {
      made.outcome = Outcome::kError;
      made.type = "invalid";
      made.message = absl::StrCat(ThresholdText(one), "; gate ", gate->name(),
                                  " is invalid: ", AdviceOn(*gate));
    } else if (!one.met) {
      made.outcome = Outcome::kFailure;
      made.type = "threshold missed";
      made.message = ThresholdText(one);
    } else if (!one.certain) {
      made.outcome = Outcome::kSkipped;
      made.message = ThresholdText(one);
    }
    suite.cases.push_back(std::move(made));
  }
  return suite;
}

Suite VerdictsOf(const CampaignVerdict& verdict) {
  Suite suite{.name = "verdicts", .cases = {}};
  const bool with_workload = HasWorkloads(verdict);
  for (const Comparison* const one : verdict.Primary()) {
    const std::string word = one->verdict();
    Case made{.name = absl::StrCat(SidesText(*one), " at ", PlaceText(*one, true)),
              .message = SentenceOf(*one, with_workload)};
    if (word == "invalid") {
      made.outcome = Outcome::kError;
    } else if (word == "slower") {
      made.outcome = Outcome::kFailure;
    } else if (word == "inconclusive") {
      made.outcome = Outcome::kSkipped;
    }
    made.type = word;
    suite.cases.push_back(std::move(made));
  }
  return suite;
}

}  // namespace

std::string JunitText(const CampaignResults& results, const CampaignVerdict* verdict) {
  const CampaignRecord& campaign = results.campaign;
  std::vector<Suite> suites = {MeasurementOf(results), GatesOf(results), ThresholdsOf(results)};
  if (verdict != nullptr) suites.push_back(VerdictsOf(*verdict));
  size_t tests = 0;
  size_t failures = 0;
  size_t errors = 0;
  for (Suite& suite : suites) {
    MakeNamesUnique(suite);
    tests += suite.cases.size();
    failures += CountOf(suite, Outcome::kFailure);
    errors += CountOf(suite, Outcome::kError);
  }
  std::string xml = absl::StrCat("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"",
                                 XmlText(campaign.plan().name()), "\" tests=\"", tests,
                                 "\" failures=\"", failures, "\" errors=\"", errors, "\"");
  if (campaign.ended_us() > campaign.started_us()) {
    absl::StrAppend(&xml, " time=\"",
                    NumberText(static_cast<double>(campaign.ended_us() - campaign.started_us()) /
                               kMicrosInSecond),
                    "\"");
  }
  absl::StrAppend(&xml, ">\n");
  for (const Suite& suite : suites) {
    if (!suite.cases.empty()) xml += SuiteXml(suite, campaign);
  }
  return absl::StrCat(xml, "</testsuites>\n");
}

}  // namespace assay::controller

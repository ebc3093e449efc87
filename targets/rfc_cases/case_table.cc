#include "targets/rfc_cases/case_table.h"

#include <algorithm>
#include <cstddef>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "common/json_text.h"
#include "nlohmann/json.hpp"

namespace assay::targets {
namespace {

std::string Entry(const RfcCase& one, const std::optional<CaseOutcome>& outcome) {
  if (!outcome.has_value()) return "-";
  return Allows(one, *outcome) ? "ok" : outcome->ToString();
}

}  // namespace

int ServerOutcomes::Passed(const RfcCases& cases) const {
  int passed = 0;
  for (size_t i = 0; i < outcomes.size(); ++i) {
    if (outcomes[i].has_value() && Allows(cases.cases(i), *outcomes[i])) ++passed;
  }
  return passed;
}

int ServerOutcomes::Asked() const {
  return static_cast<int>(std::count_if(outcomes.begin(), outcomes.end(),
                                        [](const auto& outcome) { return outcome.has_value(); }));
}

void PrintTable(const RfcCases& cases, const std::vector<ServerOutcomes>& servers,
                std::ostream& out) {
  int width = 4;
  for (const RfcCase& one : cases.cases()) {
    width = std::max(width, static_cast<int>(one.name().size()));
  }
  out << absl::StreamFormat("%-*s  %-13s %-6s", width, "case", "RFC", "level");
  for (const ServerOutcomes& server : servers) out << absl::StreamFormat("  %-14s", server.name);
  out << "  allowed\n";
  for (int i = 0; i < cases.cases_size(); ++i) {
    const RfcCase& one = cases.cases(i);
    out << absl::StreamFormat("%-*s  %-13s %-6s", width, one.name(), one.rfc(),
                              RfcCase::Level_Name(one.level()));
    bool all = true;
    for (const ServerOutcomes& server : servers) {
      const std::string entry = Entry(one, server.outcomes[i]);
      all &= entry == "ok" || entry == "-";
      out << absl::StreamFormat("  %-14s", entry);
    }
    out << (all ? "" : absl::StrCat("  ", absl::StrJoin(one.allow(), " | "))) << "\n";
  }
  out << absl::StreamFormat("%-*s  %-13s %-6s", width, "passed", "", "");
  for (const ServerOutcomes& server : servers) {
    out << absl::StreamFormat("  %-14s",
                              absl::StrCat(server.Passed(cases), " of ", server.Asked()));
  }
  out << "\n";
}

void PrintJson(const RfcCases& cases, const std::vector<ServerOutcomes>& servers,
               std::ostream& out) {
  nlohmann::ordered_json json = {{"cases", nlohmann::ordered_json::array()},
                                 {"servers", nlohmann::ordered_json::array()}};
  for (int i = 0; i < cases.cases_size(); ++i) {
    const RfcCase& one = cases.cases(i);
    nlohmann::ordered_json row = {
        {"name", one.name()},
        {"rfc", one.rfc()},
        {"level", RfcCase::Level_Name(one.level())},
        {"rule", one.rule()},
        {"allow", std::vector<std::string>(one.allow().begin(), one.allow().end())},
        {"outcomes", nlohmann::ordered_json::object()}};
    for (const ServerOutcomes& server : servers) {
      const std::optional<CaseOutcome>& outcome = server.outcomes[i];
      if (!outcome.has_value()) continue;
      row["outcomes"][server.name] = {{"outcome", outcome->ToString()},
                                      {"ok", Allows(one, *outcome)}};
    }
    json["cases"].push_back(std::move(row));
  }
  for (const ServerOutcomes& server : servers) {
    json["servers"].push_back(
        {{"name", server.name}, {"passed", server.Passed(cases)}, {"asked", server.Asked()}});
  }
  out << JsonText(json, 2) << "\n";
}

}  // namespace assay::targets

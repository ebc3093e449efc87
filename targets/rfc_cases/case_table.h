#ifndef ASSAY_TARGETS_RFC_CASES_CASE_TABLE_H_
#define ASSAY_TARGETS_RFC_CASES_CASE_TABLE_H_

#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "targets/rfc_cases/case_outcome.h"
#include "targets/rfc_cases/rfc_cases.pb.h"

namespace assay::targets {

// The outcomes of all cases for one server, in the order of the cases; nullopt if the case was skipped because the
// server does not serve the endpoint that it needs.
struct ServerOutcomes {
  std::string name;
  std::vector<std::optional<CaseOutcome>> outcomes;

  int Passed(const RfcCases& cases) const;
  int Asked() const;
};

// Prints a row for each case and a column for each server: "ok", or the outcome if it is not allowed. Then prints how
// many cases each server passed.
void PrintTable(const RfcCases& cases, const std::vector<ServerOutcomes>& servers,
                std::ostream& out);

// The same as one JSON object: cases[] with name, rfc, level, rule, allow[], outcomes{SERVER: {outcome, ok}}, and
// servers[] with name, passed, asked.
void PrintJson(const RfcCases& cases, const std::vector<ServerOutcomes>& servers,
               std::ostream& out);

}  // namespace assay::targets

#endif  // ASSAY_TARGETS_RFC_CASES_CASE_TABLE_H_

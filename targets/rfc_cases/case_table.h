#ifndef ASSAY_TARGETS_RFC_CASES_CASE_TABLE_H_
#define ASSAY_TARGETS_RFC_CASES_CASE_TABLE_H_

#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "targets/rfc_cases/case_outcome.h"
#include "targets/rfc_cases/rfc_cases.pb.h"

namespace assay::targets {

// What one server made of all cases, in their order; nullopt: it was not asked, because it does not serve what the
// case needs.
struct ServerOutcomes {
  std::string name;
  std::vector<std::optional<CaseOutcome>> outcomes;

  int Passed(const RfcCases& cases) const;
  int Asked() const;
};

// Prints a row for each case and a column for each server: "ok", or what it did where that is not allowed, with what
// is below; then how many each passed.
void PrintTable(const RfcCases& cases, const std::vector<ServerOutcomes>& servers,
                std::ostream& out);

// The same as one JSON object: cases[] with name, rfc, level, rule, allow[], outcomes{SERVER: {outcome, ok}}, and
// servers[] with name, passed, asked.
void PrintJson(const RfcCases& cases, const std::vector<ServerOutcomes>& servers,
               std::ostream& out);

}  // namespace assay::targets

#endif  // ASSAY_TARGETS_RFC_CASES_CASE_TABLE_H_

#ifndef ASSAY_TARGETS_RFC_CASES_CASE_OUTCOME_H_
#define ASSAY_TARGETS_RFC_CASES_CASE_OUTCOME_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "targets/rfc_cases/rfc_cases.pb.h"

namespace assay::targets {

// What a server made of a case.
struct CaseOutcome {
  enum class End {
    // It answered the probe behind the case.
    kOpen,
    // It closed the connection, the probe unanswered.
    kClose,
    // It did neither for as long as the runner had timeout.
    kWaits,
    // It said something that is no response.
    kGarbage,
  };

  // Of the responses to the case, in order.
  std::vector<int> statuses;
  End end = End::kOpen;

  // "400 close".
  std::string ToString() const;
};

// Whether `allowed`, as RfcCase.allow writes it, covers the outcome. REQUIRES: CheckCases() has passed.
bool Covers(std::string_view allowed, const CaseOutcome& outcome);

// Whether the case allows the outcome.
bool Allows(const RfcCase& rfc_case, const CaseOutcome& outcome);

// The bytes of a case, with its repetitions written out.
std::string Expanded(std::string_view send);

// Reads and checks cases. kInvalidArgument has a line per mistake with its place: a doubled or odd name, nothing to
// send, no outcome allowed or one that cannot be read.
absl::StatusOr<RfcCases> ParseCases(std::string_view text, std::string_view file_name);

}  // namespace assay::targets

#endif  // ASSAY_TARGETS_RFC_CASES_CASE_OUTCOME_H_

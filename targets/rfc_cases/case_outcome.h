#ifndef ASSAY_TARGETS_RFC_CASES_CASE_OUTCOME_H_
#define ASSAY_TARGETS_RFC_CASES_CASE_OUTCOME_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "targets/rfc_cases/rfc_cases.pb.h"

namespace assay::targets {

// The reaction of a server to a case.
struct CaseOutcome {
  enum class End {
    // It responded to the probe after the case.
    kOpen,
    // It closed the connection without responding to the probe.
    kClose,
    // It did neither within the runner's timeout.
    kWaits,
    // It sent bytes that are not a response.
    kGarbage,
  };

  // The statuses of the responses to the case, in order.
  std::vector<int> statuses;
  End end = End::kOpen;

  // "400 close".
  std::string ToString() const;
};

// Whether `allowed`, in the format of RfcCase.allow, covers the outcome. REQUIRES: ParseCases() has accepted the case.
bool Covers(std::string_view allowed, const CaseOutcome& outcome);

// Whether the case allows the outcome.
bool Allows(const RfcCase& rfc_case, const CaseOutcome& outcome);

// The bytes of a case with its repetitions expanded.
std::string Expanded(std::string_view send);

// Parses and checks cases. kInvalidArgument has one line per error with its location: a repeated or invalid name,
// nothing to send, no outcome allowed, an outcome that cannot be parsed.
absl::StatusOr<RfcCases> ParseCases(std::string_view text, std::string_view file_name);

}  // namespace assay::targets

#endif  // ASSAY_TARGETS_RFC_CASES_CASE_OUTCOME_H_

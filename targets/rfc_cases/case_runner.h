#ifndef ASSAY_TARGETS_RFC_CASES_CASE_RUNNER_H_
#define ASSAY_TARGETS_RFC_CASES_CASE_RUNNER_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "targets/rfc_cases/case_outcome.h"
#include "targets/rfc_cases/rfc_cases.pb.h"

namespace assay::targets {

// Sends one case, and a probe behind it, to the server at `address` on a connection of its own, and says what became
// of it. The probe makes the outcome a fact and not a matter of waiting: a connection is open when the probe is
// answered, and bytes of the case that were taken for a request show as a response too many.
//
// Blocks: as long as the server takes, at most `timeout` for each response. The error is one of connecting.
absl::StatusOr<CaseOutcome> RunCase(const std::string& address, const RfcCase& rfc_case,
                                    absl::Duration timeout);

}  // namespace assay::targets

#endif  // ASSAY_TARGETS_RFC_CASES_CASE_RUNNER_H_

#ifndef ASSAY_TARGETS_RFC_CASES_CASE_RUNNER_H_
#define ASSAY_TARGETS_RFC_CASES_CASE_RUNNER_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "targets/rfc_cases/case_outcome.h"
#include "targets/rfc_cases/rfc_cases.pb.h"

namespace assay::targets {

// Sends one case and a probe after it to the server at `address`, on a new connection, and returns the outcome. The
// probe makes the outcome independent of waiting: a connection is open if the probe gets a response, and bytes of the
// case that the server took for a request show as an additional response.
//
// Blocks until the server has responded, at most `timeout` for each response. Returns an error if it cannot connect.
absl::StatusOr<CaseOutcome> RunCase(const std::string& address, const RfcCase& rfc_case,
                                    absl::Duration timeout);

}  // namespace assay::targets

#endif  // ASSAY_TARGETS_RFC_CASES_CASE_RUNNER_H_

#include "targets/rfc_cases/case_runner.h"

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "common/status_macros.h"
#include "targets/contract/raw_connection.h"

namespace assay::targets {
namespace {

constexpr char kProbe[] = "GET /healthz HTTP/1.1\r\nHost: probe\r\nConnection: close\r\n\r\n";
// More than the number of responses of any case and its probe.
constexpr int kMaxAnswers = 16;

// A path that no case requests.
bool AnswersProbe(const RawResponse& response) {
  return response.status == 200 && response.body == "ok";
}

}  // namespace

absl::StatusOr<CaseOutcome> RunCase(const std::string& address, const RfcCase& rfc_case,
                                    absl::Duration timeout) {
  ASSAY_ASSIGN_OR_RETURN(RawConnection connection, RawConnection::Open(address, timeout));
  CaseOutcome outcome;
  const std::string bytes = Expanded(rfc_case.send());
  if (!connection.Send(rfc_case.finish() ? bytes : absl::StrCat(bytes, kProbe)).ok()) {
    outcome.end = CaseOutcome::End::kWaits;
    return outcome;
  }
  if (rfc_case.finish()) connection.FinishSending();
  for (int i = 0; i < kMaxAnswers; ++i) {
    const absl::StatusOr<RawResponse> response = connection.ReadAny(rfc_case.head() && i == 0);
    if (response.ok() && !AnswersProbe(*response)) {
      outcome.statuses.push_back(response->status);
      continue;
    }
    outcome.end = response.ok()                                 ? CaseOutcome::End::kOpen
                  : absl::IsUnavailable(response.status())      ? CaseOutcome::End::kClose
                  : absl::IsDeadlineExceeded(response.status()) ? CaseOutcome::End::kWaits
                                                                : CaseOutcome::End::kGarbage;
    return outcome;
  }
  outcome.end = CaseOutcome::End::kGarbage;
  return outcome;
}

}  // namespace assay::targets

#ifndef ASSAY_CONTROLLER_RESULTS_RESULTS_JSON_H_
#define ASSAY_CONTROLLER_RESULTS_RESULTS_JSON_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "controller/results/campaign_results.h"
#include "controller/store/store.h"
#include "nlohmann/json.hpp"

namespace assay {

// What programs read. The keys are a contract (docs/metrics.md); times are in microseconds, a
// figure that is not known is null.

// `show --format=json`.
nlohmann::ordered_json ToJson(const CampaignResults& results);

// `list --format=json`.
nlohmann::ordered_json ToJson(const std::vector<CampaignSummary>& campaigns);

// An agent that did not answer, and why.
struct UnreachableAgent {
  std::string address;
  absl::Status why;
};

// `agents --format=json`.
nlohmann::ordered_json ToJson(const std::vector<AgentRecord>& agents,
                              const std::vector<UnreachableAgent>& unreachable);

// "complete", "running", "interrupted", "cancelled" or "failed".
std::string StatusText(CampaignRecord::Status status);

// The same of a campaign in a list; "damaged" for one whose record is not what was stored.
std::string SummaryStatusText(const CampaignSummary& campaign);

// "pass", "warn", "invalid" or "unreadable".
std::string VerdictText(GateResult::Verdict verdict);

// Microseconds since 1970 as "2026-11-24T03:15:00Z"; empty for 0.
std::string TimeText(int64_t unix_us);

}  // namespace assay

#endif  // ASSAY_CONTROLLER_RESULTS_RESULTS_JSON_H_

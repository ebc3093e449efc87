#ifndef ASSAY_CONTROLLER_RESULTS_RESULTS_JSON_H_
#define ASSAY_CONTROLLER_RESULTS_RESULTS_JSON_H_

#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "controller/results/campaign_results.h"
#include "controller/store/store.h"
#include "nlohmann/json_fwd.hpp"

namespace assay::controller {

// JSON for programs. The keys are a contract (docs/metrics.md). Times are in microseconds; a figure that is not known
// is null.

// `show --format=json`.
nlohmann::ordered_json ToJson(const CampaignResults& results);

// The same as text, indented by two spaces, in pieces: a whole tree would take ten times the memory of the figures.
// The members of `more` follow those of the campaign.
void WriteJson(const CampaignResults& results, const nlohmann::ordered_json& more,
               absl::FunctionRef<void(const std::string&)> write);

// One gate: "name", "value", "limit", "unit", "verdict", "advice".
nlohmann::ordered_json GateJson(const GateResult& gate);

// `list --format=json`.
nlohmann::ordered_json ToJson(const std::vector<CampaignSummary>& campaigns);

// An agent that did not respond, and the reason.
struct UnreachableAgent {
  std::string address;
  absl::Status why;
};

// `agents --format=json`.
nlohmann::ordered_json ToJson(const std::vector<AgentRecord>& agents,
                              const std::vector<UnreachableAgent>& unreachable);

// "complete", "running", "interrupted", "cancelled" or "failed".
std::string StatusText(CampaignRecord::Status status);

// The same for a campaign in a list; "damaged" if its record does not match its hash.
std::string SummaryStatusText(const CampaignSummary& campaign);

// "pass", "warn", "invalid" or "unreadable".
std::string VerdictText(GateResult::Verdict verdict);

// Microseconds since 1970 as "2026-11-24T03:15:00Z"; empty for 0.
std::string TimeText(int64_t unix_us);

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_RESULTS_RESULTS_JSON_H_

#ifndef ASSAY_CONTROLLER_VERDICT_VERDICT_JSON_H_
#define ASSAY_CONTROLLER_VERDICT_VERDICT_JSON_H_

#include <string>

#include "controller/verdict/campaign_verdict.h"
#include "nlohmann/json_fwd.hpp"

namespace assay::controller {

// `compare --format=json`. The keys are a contract (docs/metrics.md).
nlohmann::ordered_json ToJson(const CampaignVerdict& verdict);

// CSV (RFC 4180): a header line, then one row per comparison, with the A/A controls last.
std::string ToCsv(const CampaignVerdict& verdict);

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_VERDICT_VERDICT_JSON_H_

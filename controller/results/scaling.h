#ifndef ASSAY_CONTROLLER_RESULTS_SCALING_H_
#define ASSAY_CONTROLLER_RESULTS_SCALING_H_

#include <optional>
#include <string>
#include <vector>

#include "analysis/scalability.h"
#include "controller/results/campaign_results.h"
#include "nlohmann/json_fwd.hpp"

namespace assay::controller {

// How one target answers rising load in one workload, over at least kScalabilityMinLevels levels.
struct Scaling {
  std::string target;
  std::string workload;
  // The highest level that was measured. Beyond it, the law is an extrapolation.
  double highest_level = 0;
  // Closed loop: throughput over connections. Not set if the law does not fit; `why_not` says why.
  std::optional<UniversalScalability> law;
  std::string why_not;
  // The level at which the curve bends: throughput over connections (closed loop), or p99 over rate (open loop).
  std::optional<Cell> knee;
};

// By target and workload, in the order of the plan. Cells of separate executions for profiles are left out.
std::vector<Scaling> ScalingsOf(const CampaignResults& results);

// One line for each; empty if there is none.
std::string ScalingText(const CampaignResults& results);
// The key "scaling" of `show --format=json`.
nlohmann::ordered_json ScalingJson(const CampaignResults& results);

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_RESULTS_SCALING_H_

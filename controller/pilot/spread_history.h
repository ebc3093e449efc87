#ifndef ASSAY_CONTROLLER_PILOT_SPREAD_HISTORY_H_
#define ASSAY_CONTROLLER_PILOT_SPREAD_HISTORY_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "analysis/gates.h"
#include "controller/pilot/measured_spread.h"
#include "controller/store/store.h"
#include "proto/plan.pb.h"
#include "proto/results.pb.h"

namespace assay::controller {

// A stored campaign needs so many blocks of a comparison to say how much they vary.
constexpr uint32_t kFewestHistoryBlocks = 4;

// What the store knows about the comparisons of a plan.
struct SpreadHistory {
  // One per comparison, in the order of ComparisonsOf().
  std::vector<MeasuredSpread> spreads;
  // Why the newest campaigns with the same targets were not used, one clause each, such as "campaign 0123456789ab of
  // 2026-11-30 is not comparable: kernel.release differs".
  std::vector<std::string> passed_over;

  // Whether no comparison is known.
  bool empty() const;
};

// For each comparison of the plan, how much its blocks varied in the latest comparable campaign of the store. That campaign
// ended, and has
// - the same targets with the same options, of which the same are skipped;
// - the same definition of the workload, the same level, arrivals, bound of the windows (time or requests) and design, and
//   the same placement and profiling of what is compared;
// - as many agents, on the same hosts, without EnvironmentDifferences() (controller/gates/environment_gates.h);
// - at least kFewestHistoryBlocks blocks of the comparison, and no gate that voids it.
// Numbers of blocks and lengths of windows may differ.
//
// `agents`: those that would run the plan. Reads campaigns newest first until each comparison is known, and judges at most
// ten. Damaged campaigns are left out. REQUIRES: WithDefaults was applied, and the load is not
// `find`.
absl::StatusOr<SpreadHistory> ReadSpreadHistory(Store& store, const GateRules& rules,
                                                const Plan& plan,
                                                const std::vector<SkippedTarget>& skipped,
                                                absl::Span<const AgentRecord> agents);

// "campaign 0123456789ab of 2026-11-30".
std::string CampaignText(const std::string& id, int64_t started_us);

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_PILOT_SPREAD_HISTORY_H_

#ifndef ASSAY_CONTROLLER_RESULTS_CONDITIONS_H_
#define ASSAY_CONTROLLER_RESULTS_CONDITIONS_H_

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/types/span.h"
#include "proto/results.pb.h"

namespace assay::controller {

// What the figures of a cell depend on, by key:
//   the server: "target" (with its options), "server version", "server build id"
//   the hosts: properties of the agents' environment, such as "server cpu.model" and "load kernel.release", and "server
//     host", "load host"
//   the measurement: "workload", "load", "window", "warm-up", "design", "slots", "server CPUs", "load CPUs"
using Conditions = std::map<std::string, std::string>;

// What the executions of a cell tell of its conditions, by key: each value once.
using ObservedConditions = std::map<std::string, std::set<std::string>>;
// Adds what one measured execution tells.
void Observe(const ExecutionRecord& execution, ObservedConditions* observed);

// All conditions of a cell of a campaign. REQUIRES: the cell belongs to the campaign's plan.
Conditions ConditionsOf(const CampaignRecord& campaign, const Cell& cell,
                        const ObservedConditions& observed);

// Whether two campaigns measured the same on equal machines: the target with its options, the conditions of the
// measurement, and DecisiveHostProperties(). Versions and build ids of the server may differ: they are what a comparison
// of two campaigns is about.
bool Comparable(const Conditions& a, const Conditions& b);

// One condition that differs.
struct ConditionChange {
  enum class Of { kServer, kHosts, kMeasurement };

  Of of = Of::kHosts;
  std::string key;
  // Empty if there is no such condition.
  std::string before;
  std::string after;
};
// Changes of the server first, then by key. A property that the agents of one campaign did not report is left out, and so
// is a change of the load agents' host that is also one of the server agent's.
std::vector<ConditionChange> ChangesOf(const Conditions& before, const Conditions& after);

// "server", "hosts" or "measurement".
std::string_view ToText(ConditionChange::Of of);
// "server build id: aa -> bb".
std::string ToText(const ConditionChange& change);
// Joined with "; ".
std::string ToText(absl::Span<const ConditionChange> changes);
// Those of one kind.
std::vector<ConditionChange> ChangesOfKind(absl::Span<const ConditionChange> changes,
                                           ConditionChange::Of of);

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_RESULTS_CONDITIONS_H_

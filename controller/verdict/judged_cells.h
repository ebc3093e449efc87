#ifndef ASSAY_CONTROLLER_VERDICT_JUDGED_CELLS_H_
#define ASSAY_CONTROLLER_VERDICT_JUDGED_CELLS_H_

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "controller/results/campaign_results.h"
#include "controller/verdict/campaign_verdict.h"

namespace assay::controller {

// What comparisons within one campaign and between two have in common.

// kFailedPrecondition if the campaign consists of results of other tools.
absl::Status CheckComparable(const CampaignRecord& campaign);

// The metric that decides: the plan's. kInvalidArgument if this version does not have it.
absl::StatusOr<const Metric*> PrimaryMetricOf(const CampaignRecord& campaign);

// The primary metric, then the others that comparisons use.
std::vector<const Metric*> ComparedMetrics(const Metric* primary);

// The median share of its CPUs that the server of a cell used. Not set if an execution does not have it.
std::optional<double> BusyShareOf(const CellResult& cell);

// The invalid gates that take a verdict away. too_few_blocks is none of them: with too few blocks the comparison has no
// interval and is inconclusive by itself.
void AppendVoid(const std::vector<GateResult>& gates, std::vector<GateResult>* voided_by);

// Appends the names of the invalid gates.
void AppendInvalidNames(const std::vector<GateResult>& gates, std::vector<std::string>* names);

// Gates that warn or could not be read, each name once.
class Warnings {
 public:
  void Add(const std::vector<GateResult>& gates);
  const std::vector<std::string>& names() const { return names_; }

 private:
  std::set<std::string> known_;
  std::vector<std::string> names_;
};

// Appends what limits the comparisons of one campaign: it is not complete, or records are damaged.
void AppendLimitsOf(const CampaignResults& results, std::vector<std::string>* limits);

// Appends one sentence per level at which a server's CPU was not busy.
void AppendLoadLimits(const CampaignVerdict& verdict, std::vector<std::string>* limits);

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_VERDICT_JUDGED_CELLS_H_

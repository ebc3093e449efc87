#ifndef ASSAY_CONTROLLER_VERDICT_CAMPAIGN_VERDICT_H_
#define ASSAY_CONTROLLER_VERDICT_CAMPAIGN_VERDICT_H_

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "analysis/comparison.h"
#include "analysis/estimate.h"
#include "analysis/gates.h"
#include "analysis/metrics.h"
#include "analysis/planned_precision.h"
#include "analysis/slot_pairs.h"
#include "controller/results/campaign_results.h"
#include "controller/results/conditions.h"
#include "controller/store/store.h"
#include "proto/results.pb.h"

namespace assay::controller {

// The verdict on a campaign: which target is faster, by how much, how sure that is, and whether the measurement was
// sound. It is computed from stored records alone, so a later version can compute it again. docs/measurement.md
// describes the method.

// One target against another, in one metric at one workload and level.
struct Comparison {
  // Labels of the targets. Of two campaigns: their ids.
  std::string baseline;
  std::string candidate;
  // The target whose executions in two campaigns are compared; empty within one campaign.
  std::string target;
  // Workload, mode and level. Its target is the candidate.
  Cell cell;
  // In the table of metrics; never nullptr.
  const Metric* metric = nullptr;
  // The verdict rests on this metric, and the interval is one of the family's. Otherwise the interval is descriptive and
  // covers with 95 % alone.
  bool primary = false;
  // Not set if nothing could be compared. `missing` then says why.
  std::optional<RatioComparison> ratio;
  std::string missing;
  // The smallest number of blocks with which a verdict is possible.
  uint32_t blocks_at_least = 0;
  // Planned blocks in which one of the two was not measured or is left out, or the two were not alive together.
  uint32_t blocks_left_out = 0;
  // Those among them that gates leave out (analysis/gates.textproto), and the names of the gates. If they are too many, the
  // gates are in voided_by instead.
  uint32_t blocks_disturbed = 0;
  std::set<std::string> disturbed_by;
  // Interleaved design, for metrics that slots have: rounds that were compared, and rounds that were left out because a
  // slot is missing or overdue.
  uint64_t slot_pairs = 0;
  uint64_t slot_pairs_left_out = 0;
  // Interleaved design: the number of compared blocks by the length of their slots, in nanoseconds.
  std::map<uint64_t, uint32_t> blocks_by_slot;
  VarianceComponents spread;
  // How much the blocks vary, for what a plan of another size can show. Not set below two blocks, or if the blocks are
  // windows of one running server.
  std::optional<BlockSpread> block_spread;
  // DependenceStatistic() of the candidate in this metric over all levels. Above kDependenceLimit, blocks are treated as
  // dependent.
  double dependence = 0;
  // The median share of its CPUs that each server used. Not set if not known.
  std::optional<double> baseline_busy;
  std::optional<double> candidate_busy;
  // The invalid gates that take the verdict away.
  std::vector<GateResult> voided_by;

  // Whether a server's CPU was not busy, so that a claim about cost or throughput holds at this load only.
  bool below_saturation() const;
  // "faster", "slower", "equivalent", "inconclusive" or "invalid".
  std::string verdict() const;
  // The same for people, in the words of the metric: more memory is "larger", not "slower".
  std::string verdict_word() const;
};

// Below this share of its CPUs, a server is not at its limit; as the gate server_not_bottleneck warns.
constexpr double kBusyShare = 0.97;

// A fact about the hosts that differs between two campaigns.
struct EnvironmentDifference {
  // "server", "load", "load 2", ...
  std::string role;
  std::string key;
  // Empty if the campaign does not have the key.
  std::string first;
  std::string second;
};

// What differs between the servers of one label in two campaigns: its options, version or build id.
struct ServerDifference {
  std::string label;
  ConditionChange change;
};

struct CampaignVerdict {
  enum class Design { kSequential, kInterleaved, kTwoCampaigns };

  // The ids of one or two campaigns.
  std::vector<std::string> campaigns;
  Design design = Design::kSequential;
  // Label of the baseline; empty for two campaigns.
  std::string baseline;
  std::string primary_metric;
  // Number of primary comparisons; their intervals are widened so that all of them hold together.
  uint32_t family = 0;
  // By workload, level and candidate. Of each, the primary metric comes first.
  std::vector<Comparison> comparisons;
  // A/A controls: two labels of one target. They do not belong to the family.
  std::vector<Comparison> aa;
  // Gates of the comparison itself: aa_control (if there is a control), not_interleaved (two campaigns).
  std::vector<GateResult> gates;
  // Names of the gates that warn or are unreadable in a compared cell or the campaign.
  std::vector<std::string> warnings;
  // Names of the invalid gates of the campaigns as a whole. One of them, too_few_blocks, takes no verdict away, because
  // the comparison is inconclusive by itself.
  std::vector<std::string> invalid_campaign_gates;
  // Names of the invalid gates of cells that are not compared, such as those of executions for profiles. They take no
  // verdict away, but the command exits with status 3.
  std::vector<std::string> invalid_elsewhere;
  // What limits the verdict, one sentence each without a full stop.
  std::vector<std::string> limits;
  // Two campaigns: what differs between the hosts, and between the servers with the same label. The latter is what such a
  // comparison is about, and counts in no gate.
  std::vector<EnvironmentDifference> environment;
  std::vector<ServerDifference> servers;
  // Over all primary comparisons (root mean square). Not set for a sequential design.
  std::optional<double> between_start_sd;
  std::optional<double> within_start_sd;

  // Whether a gate takes a verdict away.
  bool invalid() const;
  // The primary comparisons, in order.
  std::vector<const Comparison*> Primary() const;
};

// Whether the commands print a verdict: the plan wants one and has two targets or more.
bool WantsVerdict(const Plan& plan);

// Compares every other target of a campaign with the baseline (empty: the plan's). Two labels of one target, with the
// same options, are an A/A control: the label that is not the baseline is compared in aa, and is no candidate. `results`:
// of the campaign. kInvalidArgument if the campaign has no such target or no two targets;
// kFailedPrecondition if it was imported.
absl::StatusOr<CampaignVerdict> CompareCampaign(Store& store, const GateRules& rules,
                                                const CampaignResults& results,
                                                const std::string& baseline = "");

// The verdict on a campaign whose plan wants one, for the commands that show the campaign; nothing if the plan wants none
// or the store has a plan that this version cannot compare. Adds the gates of the comparison to those of the results.
absl::StatusOr<std::optional<CampaignVerdict>> TakeVerdict(Store& store, const GateRules& rules,
                                                           CampaignResults& results);

// Compares the executions of the second campaign with those of the first, cell by cell: the same label, workload and
// level. A cell that only one campaign has, or whose requests differ, is left out and named in `limits`.
// kInvalidArgument if the campaigns share no cell; the message lists the cells of each. kFailedPrecondition if one of them
// was imported: it has neither fresh starts of a server nor samples, so no interval and no verdict.
absl::StatusOr<CampaignVerdict> CompareTwoCampaigns(const GateRules& rules,
                                                    const CampaignResults& first,
                                                    const CampaignResults& second);

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_VERDICT_CAMPAIGN_VERDICT_H_

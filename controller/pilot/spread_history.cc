#include "controller/pilot/spread_history.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "common/status_macros.h"
#include "controller/gates/environment_gates.h"
#include "controller/plan/cells.h"
#include "controller/plan/load_levels.h"
#include "controller/plan/verdict_family.h"
#include "controller/results/campaign_results.h"
#include "controller/verdict/campaign_verdict.h"
#include "google/protobuf/util/message_differencer.h"

namespace assay::controller {
namespace {

using google::protobuf::util::MessageDifferencer;

constexpr int kMostJudged = 10;
// Longer lists do not help the user.
constexpr size_t kMostPassedOver = 3;
constexpr size_t kMostKeys = 5;

// What a campaign measured, or would measure.
struct Work {
  const Plan& plan;
  const std::vector<SkippedTarget> skipped;
};

// The targets that serve a workload, so that they are measured together.
std::vector<const PlanTarget*> Serving(const Work& work, const std::string& workload) {
  const SkippedCells skipped_cells(work.skipped);
  std::vector<const PlanTarget*> serving;
  for (const PlanTarget& target : work.plan.targets()) {
    Cell cell;
    cell.set_target(target.label());
    cell.set_workload(workload);
    if (!skipped_cells.Contains(cell)) serving.push_back(&target);
  }
  return serving;
}

// Whether the targets are the same, under whatever labels and in whatever order.
bool AreSameServers(std::vector<const PlanTarget*> a, const std::vector<const PlanTarget*>& b) {
  if (a.size() != b.size()) return false;
  return std::all_of(b.begin(), b.end(), [&](const PlanTarget* target) {
    const auto found = std::find_if(
        a.begin(), a.end(), [&](const PlanTarget* one) { return IsSameServer(*one, *target); });
    if (found == a.end()) return false;
    a.erase(found);
    return true;
  });
}

const Workload* FindWorkload(const Plan& plan, const std::string& name) {
  const auto found =
      std::find_if(plan.workloads().begin(), plan.workloads().end(),
                   [&](const Workload& workload) { return workload.name() == name; });
  return found == plan.workloads().end() ? nullptr : &*found;
}

// The label of the stored plan under which a target of the plan was measured.
std::optional<std::string> LabelIn(const Plan& stored, const Plan& plan, const std::string& label) {
  const auto of_plan =
      std::find_if(plan.targets().begin(), plan.targets().end(),
                   [&](const PlanTarget& target) { return target.label() == label; });
  const auto found =
      std::find_if(stored.targets().begin(), stored.targets().end(),
                   [&](const PlanTarget& target) { return IsSameServer(target, *of_plan); });
  if (found == stored.targets().end()) return std::nullopt;
  return found->label();
}

bool ProfilesEveryExecution(const Plan& plan) {
  return plan.has_profile() && !plan.profile().has_separate_execution();
}

// What must be equal for all comparisons.
bool IsSameKind(const Plan& a, const Plan& b) {
  return a.design() == b.design() && a.load().kind_case() == b.load().kind_case() &&
         ArrivalsOf(a.load()) == ArrivalsOf(b.load()) &&
         (BoundOf(a.load()).requests > 0) == (BoundOf(b.load()).requests > 0) &&
         ProfilesEveryExecution(a) == ProfilesEveryExecution(b) &&
         MessageDifferencer::Equals(a.placement(), b.placement());
}

bool HasLevel(const Plan& plan, const Cell& cell) {
  const std::vector<LoadLevel> levels = LevelsOf(plan.load());
  return std::any_of(levels.begin(), levels.end(), [&](const LoadLevel& level) {
    if (level.mode != cell.mode()) return false;
    return level.rate_per_s > 0 ? level.rate_per_s == cell.rate_per_s()
                                : level.connections == cell.connections();
  });
}

// An open loop's cell does not name its connections.
uint32_t OpenConnections(const Plan& plan) {
  return plan.load().has_open() ? plan.load().open().connections()
                                : plan.load().curve().connections();
}

bool Has(const Work& stored, const Work& planned, const PlannedComparison& comparison) {
  const std::string& name = comparison.cell.workload();
  const Workload* const workload = FindWorkload(stored.plan, name);
  return workload != nullptr && HasLevel(stored.plan, comparison.cell) &&
         OpenConnections(stored.plan) == OpenConnections(planned.plan) &&
         MessageDifferencer::Equals(*workload, WorkloadOfCell(planned.plan, comparison.cell)) &&
         AreSameServers(Serving(stored, name), Serving(planned, name));
}

// How the hosts of a campaign differ from these agents; empty if they do not.
std::string HostDifference(const CampaignRecord& campaign, absl::Span<const AgentRecord> agents) {
  if (static_cast<size_t>(campaign.agents_size()) != agents.size())
    return absl::StrCat("it had ", campaign.agents_size(), " agents, not ", agents.size());
  std::vector<std::string> keys;
  for (size_t i = 0; i < agents.size(); ++i) {
    const AgentDescription& then = campaign.agents(static_cast<int>(i)).description();
    const AgentDescription& now = agents[i].description();
    if (then.host() != now.host())
      return absl::StrCat("it ran on host ", then.host(), ", not ", now.host());
    for (const std::string& key : EnvironmentDifferences(then, now)) {
      if (std::count(keys.begin(), keys.end(), key) == 0) keys.push_back(key);
    }
  }
  if (keys.empty()) return "";
  const size_t shown = std::min(keys.size(), kMostKeys);
  return absl::StrCat(
      absl::StrJoin(keys.begin(), keys.begin() + static_cast<int64_t>(shown), ", "),
      shown < keys.size() ? absl::StrCat(" and ", keys.size() - shown, " more") : "",
      keys.size() == 1 ? " differs" : " differ");
}

// Fills in the spreads that a campaign knows. Returns why it knows none; empty if it knows one or more.
absl::StatusOr<std::string> TakeFrom(Store& store, const GateRules& rules,
                                     const CampaignRecord& campaign, const Work& planned,
                                     std::vector<MeasuredSpread>& spreads) {
  const Work stored{campaign.plan(), {campaign.skipped().begin(), campaign.skipped().end()}};
  ASSAY_ASSIGN_OR_RETURN(const CampaignResults results, ReadResults(store, rules, campaign));
  const std::optional<std::string> baseline =
      LabelIn(stored.plan, planned.plan, planned.plan.baseline());
  ASSAY_ASSIGN_OR_RETURN(const CampaignVerdict verdict,
                         CompareCampaign(store, rules, results, baseline.value_or("")));
  std::string why_not = absl::StrCat("it has fewer than ", kFewestHistoryBlocks, " blocks");
  bool any = false;
  for (MeasuredSpread& one : spreads) {
    if (one.spread.has_value() || !Has(stored, planned, one.comparison)) continue;
    const std::optional<std::string> candidate =
        LabelIn(stored.plan, planned.plan, one.comparison.candidate);
    MeasuredSpread found =
        SpreadIn(verdict, one.comparison, candidate.value_or(""), planned.plan.primary_metric());
    if (!found.invalid_gates.empty()) {
      why_not = absl::StrCat("the gate ", found.invalid_gates.front(), " is invalid");
      continue;
    }
    if (!found.spread.has_value() || found.spread->blocks < kFewestHistoryBlocks) continue;
    const std::string& workload = one.comparison.cell.workload();
    const Cell& cell = one.comparison.cell;
    found.length =
        LoadOfBlock(planned.plan, cell, TargetsServing(planned.plan, planned.skipped, workload)) /
        LoadOfBlock(stored.plan, cell, TargetsServing(stored.plan, stored.skipped, workload));
    found.campaign = campaign.id();
    found.started_us = campaign.started_us();
    one = std::move(found);
    any = true;
  }
  return any ? std::string() : why_not;
}

}  // namespace

bool SpreadHistory::empty() const {
  return std::none_of(spreads.begin(), spreads.end(),
                      [](const MeasuredSpread& one) { return one.spread.has_value(); });
}

std::string CampaignText(const std::string& id, int64_t started_us) {
  return absl::StrCat(
      "campaign ", id, " of ",
      absl::FormatTime("%Y-%m-%d", absl::FromUnixMicros(started_us), absl::UTCTimeZone()));
}

absl::StatusOr<SpreadHistory> ReadSpreadHistory(Store& store, const GateRules& rules,
                                                const Plan& plan,
                                                const std::vector<SkippedTarget>& skipped,
                                                absl::Span<const AgentRecord> agents) {
  SpreadHistory history;
  for (PlannedComparison& comparison : ComparisonsOf(plan, skipped)) {
    history.spreads.push_back({.comparison = std::move(comparison),
                               .spread = std::nullopt,
                               .missing = "no comparable campaign is in the store"});
  }
  const Work planned{plan, skipped};
  ASSAY_ASSIGN_OR_RETURN(const std::vector<CampaignSummary> campaigns, store.ListCampaigns());
  int judged = 0;
  for (const CampaignSummary& summary : campaigns) {
    const bool all_known =
        std::all_of(history.spreads.begin(), history.spreads.end(),
                    [](const MeasuredSpread& one) { return one.spread.has_value(); });
    if (all_known || judged >= kMostJudged) break;
    if (summary.damaged || summary.status == CampaignRecord::RUNNING) continue;
    const absl::StatusOr<CampaignRecord> campaign = store.Find(summary.id);
    if (!campaign.ok() || !IsSameKind(campaign->plan(), plan)) continue;
    const Work stored{campaign->plan(), {campaign->skipped().begin(), campaign->skipped().end()}};
    const bool has_any =
        std::any_of(history.spreads.begin(), history.spreads.end(), [&](const MeasuredSpread& one) {
          return !one.spread.has_value() && Has(stored, planned, one.comparison);
        });
    if (!has_any) continue;
    std::string why_not = HostDifference(*campaign, agents);
    if (why_not.empty()) {
      ++judged;
      const absl::StatusOr<std::string> taken =
          TakeFrom(store, rules, *campaign, planned, history.spreads);
      why_not = taken.ok() ? *taken : std::string(taken.status().message());
    }
    if (!why_not.empty() && history.passed_over.size() < kMostPassedOver) {
      history.passed_over.push_back(absl::StrCat(
          CampaignText(campaign->id(), campaign->started_us()), " is not used: ", why_not));
    }
  }
  return history;
}

}  // namespace assay::controller

// Compares two campaigns.

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "analysis/rank_sum.h"
#include "common/number_text.h"
#include "common/status_macros.h"
#include "controller/gates/environment_gates.h"
#include "controller/gates/gate_keeper.h"
#include "controller/plan/capacity_search.h"
#include "controller/plan/cells.h"
#include "controller/verdict/campaign_verdict.h"
#include "controller/verdict/judged_cells.h"
#include "google/protobuf/util/message_differencer.h"

namespace assay::controller {
namespace {

constexpr uint32_t kMostExecutionsAsked = 60;

// A cell that both campaigns have.
struct SharedCell {
  const CellResult* first = nullptr;
  const CellResult* second = nullptr;
};

std::map<std::string, const CellResult*> CellsByName(const CampaignResults& results) {
  std::map<std::string, const CellResult*> cells;
  for (const CellResult& cell : results.cells) {
    if (!IsSeparateExecution(results.campaign.plan(), cell.cell))
      cells[CellText(cell.cell)] = &cell;
  }
  return cells;
}

std::string NamesOf(const std::map<std::string, const CellResult*>& cells) {
  return absl::StrJoin(
      cells, ", ", [](std::string* out, const auto& entry) { absl::StrAppend(out, entry.first); });
}

// Whether both campaigns send the same requests to a cell.
bool SameRequests(const CampaignResults& first, const CampaignResults& second,
                  const SharedCell& shared) {
  return google::protobuf::util::MessageDifferencer::Equals(
      WorkloadOfCell(first.campaign.plan(), shared.first->cell),
      WorkloadOfCell(second.campaign.plan(), shared.second->cell));
}

// Whether two searches have the same objective, connections and length. True for other cells.
bool SameSearch(const CampaignResults& first, const CampaignResults& second,
                const SharedCell& shared) {
  return !IsSearch(shared.second->cell) ||
         google::protobuf::util::MessageDifferencer::Equals(first.campaign.plan().load().find(),
                                                            second.campaign.plan().load().find());
}

// In the order of the second campaign. Cells that do not fit are named in `limits`.
std::vector<SharedCell> SharedCells(const CampaignResults& first, const CampaignResults& second,
                                    std::vector<std::string>* limits) {
  const std::map<std::string, const CellResult*> before = CellsByName(first);
  const std::map<std::string, const CellResult*> after = CellsByName(second);
  const auto only_in = [&](const CampaignResults& results, const auto& own, const auto& other) {
    std::vector<std::string> names;
    for (const auto& [name, cell] : own) {
      if (other.count(name) == 0) names.push_back(name);
    }
    if (!names.empty()) {
      limits->push_back(absl::StrCat("only campaign ", results.campaign.id(), " has ",
                                     absl::StrJoin(names, ", ")));
    }
  };
  only_in(first, before, after);
  only_in(second, after, before);
  std::vector<SharedCell> shared;
  for (const CellResult& cell : second.cells) {
    const std::string name = CellText(cell.cell);
    const auto found = before.find(name);
    if (found == before.end() || after.count(name) == 0) continue;
    const SharedCell both{found->second, &cell};
    if (!SameSearch(first, second, both)) {
      limits->push_back(absl::StrCat(name, " is not compared: load.find differs in campaign ",
                                     second.campaign.id()));
    } else if (SameRequests(first, second, both)) {
      shared.push_back(both);
    } else {
      limits->push_back(absl::StrCat(name, " is not compared: workload ", cell.cell.workload(),
                                     " sends other requests in campaign ", second.campaign.id()));
    }
  }
  return shared;
}

// The smallest number of executions on each side with which a verdict is possible.
uint32_t ExecutionsForAnyVerdict(double confidence) {
  for (uint32_t n = 1; n <= kMostExecutionsAsked; ++n) {
    if (RankSumInterval(n, n, confidence).has_value()) return n;
  }
  return kMostExecutionsAsked;
}

std::vector<double> FiguresOf(const CellResult& cell, const Metric& metric) {
  std::vector<double> figures;
  for (const ExecutionResult& one : cell.executions) {
    if (const std::optional<double> figure = metric.of(one); figure.has_value())
      figures.push_back(*figure);
  }
  return figures;
}

Comparison Compare(const SharedCell& shared, const Metric& metric, bool primary, uint32_t family) {
  Comparison comparison;
  comparison.target = shared.second->cell.target();
  comparison.cell = shared.second->cell;
  comparison.metric = &metric;
  comparison.primary = primary;
  comparison.baseline_busy = BusyShareOf(*shared.first);
  comparison.candidate_busy = BusyShareOf(*shared.second);
  const ComparisonRules rules = {.family = primary ? family : 1, .better = metric.better};
  comparison.blocks_at_least = ExecutionsForAnyVerdict(1 - (1 - rules.confidence) / rules.family);
  if (!shared.first->fresh_starts || !shared.second->fresh_starts) {
    comparison.missing =
        "the server was given by URL, and windows of one running server are not independent, so "
        "two campaigns of it cannot be compared";
    return comparison;
  }
  const std::vector<double> before = FiguresOf(*shared.first, metric);
  const std::vector<double> after = FiguresOf(*shared.second, metric);
  if (before.empty() || after.empty()) {
    comparison.missing = absl::StrCat("one of the campaigns has no ", std::string(metric.name),
                                      " of ", CellText(shared.second->cell));
    return comparison;
  }
  absl::StatusOr<RatioComparison> ratio = CompareUnpaired(before, after, rules);
  if (ratio.ok()) {
    comparison.ratio = *std::move(ratio);
  } else {
    comparison.missing = std::string(ratio.status().message());
  }
  return comparison;
}

// The environments of a campaign's agents, by role.
std::map<std::string, const AgentDescription*> AgentsByRole(const CampaignRecord& campaign) {
  std::map<std::string, const AgentDescription*> agents;
  int loads = 0;
  for (const AgentRecord& agent : campaign.agents()) {
    for (const int role : agent.roles()) {
      if (role == JobId::SERVER) agents["server"] = &agent.description();
      if (role != JobId::LOAD) continue;
      ++loads;
      agents[loads == 1 ? "load" : absl::StrCat("load ", loads)] = &agent.description();
    }
  }
  return agents;
}

std::vector<EnvironmentDifference> DifferencesOf(const CampaignRecord& first,
                                                 const CampaignRecord& second) {
  std::vector<EnvironmentDifference> differences;
  const auto before = AgentsByRole(first);
  const auto after = AgentsByRole(second);
  for (const auto& [role, agent] : after) {
    const auto found = before.find(role);
    if (found == before.end()) continue;
    // One host for server and load is shown once.
    if (role != "server" && after.count("server") > 0 && after.at("server") == agent &&
        before.count("server") > 0 && before.at("server") == found->second) {
      continue;
    }
    if (found->second->host() != agent->host()) {
      differences.push_back({role, "host", found->second->host(), agent->host()});
    }
    for (const std::string& key : EnvironmentDifferences(*found->second, *agent)) {
      differences.push_back(
          {role, key, found->second->environment().at(key), agent->environment().at(key)});
    }
  }
  return differences;
}

std::vector<ServerDifference> ServerDifferencesOf(const CampaignResults& first,
                                                  const CampaignResults& second,
                                                  const std::vector<SharedCell>& shared) {
  std::vector<ServerDifference> differences;
  // A label has a cell at each level.
  std::set<std::pair<std::string, std::string>> known;
  for (const SharedCell& both : shared) {
    const std::vector<ConditionChange> changes = ChangesOfKind(
        ChangesOf(ConditionsOf(first.campaign, both.first->cell, both.first->observed),
                  ConditionsOf(second.campaign, both.second->cell, both.second->observed)),
        ConditionChange::Of::kServer);
    for (const ConditionChange& change : changes) {
      const std::string& label = both.second->cell.target();
      if (known.emplace(label, ToText(change)).second) differences.push_back({label, change});
    }
  }
  return differences;
}

void AppendDisturbed(const CampaignResults& results, const CellResult& cell,
                     std::vector<std::string>* limits) {
  if (cell.left_out.empty()) return;
  std::set<std::string> gates;
  for (const LeftOutBlock& one : cell.left_out) gates.insert(one.gate.name());
  limits->push_back(absl::StrCat(CountText(cell.left_out.size(), "block is", "blocks are"),
                                 " left out of ", CellText(cell.cell), " in campaign ",
                                 results.campaign.id(), ", because the host was disturbed there (",
                                 absl::StrJoin(gates, ", "), ")"));
}

absl::Status CheckShared(const CampaignResults& first, const CampaignResults& second,
                         const std::vector<SharedCell>& shared,
                         const std::vector<std::string>& limits) {
  if (!shared.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      "campaigns ", first.campaign.id(), " and ", second.campaign.id(),
      " share no cell (target, workload and level), so nothing can be compared. ",
      first.campaign.id(), " has ", NamesOf(CellsByName(first)), "; ", second.campaign.id(),
      " has ", NamesOf(CellsByName(second)), ". ", absl::StrJoin(limits, ". ")));
}

}  // namespace

absl::StatusOr<CampaignVerdict> CompareTwoCampaigns(const GateRules& rules,
                                                    const CampaignResults& first,
                                                    const CampaignResults& second) {
  if (first.campaign.id() == second.campaign.id()) {
    return absl::InvalidArgumentError(
        absl::StrCat("both names stand for campaign ", first.campaign.id(),
                     ": give two campaigns, or one to compare the targets within it"));
  }
  for (const CampaignResults* const results : {&first, &second})
    ASSAY_RETURN_IF_ERROR(CheckComparable(results->campaign));
  CampaignVerdict verdict;
  verdict.campaigns = {first.campaign.id(), second.campaign.id()};
  verdict.design = CampaignVerdict::Design::kTwoCampaigns;
  ASSAY_ASSIGN_OR_RETURN(const Metric* const primary, PrimaryMetricOf(first.campaign));
  verdict.primary_metric = std::string(primary->name);
  const std::vector<SharedCell> shared = SharedCells(first, second, &verdict.limits);
  ASSAY_RETURN_IF_ERROR(CheckShared(first, second, shared, verdict.limits));
  if (second.campaign.plan().primary_metric() != verdict.primary_metric) {
    verdict.limits.push_back(
        absl::StrCat("the plans name different primary metrics; the verdict rests on ",
                     verdict.primary_metric, ", that of campaign ", first.campaign.id()));
  }
  verdict.family = static_cast<uint32_t>(shared.size());
  verdict.gates.push_back(ToResult(rules, rules.JudgeCampaigns(2), "the comparison"));
  verdict.environment = DifferencesOf(first.campaign, second.campaign);
  verdict.servers = ServerDifferencesOf(first, second, shared);
  verdict.gates.push_back(ToResult(
      rules,
      rules.JudgeCampaign("environment_differs", static_cast<double>(verdict.environment.size()),
                          ComparisonVerdict::kWanted),
      "the comparison"));
  Warnings warnings;
  for (const CampaignResults* const results : {&first, &second}) {
    warnings.Add(results->gates);
    AppendInvalidNames(results->gates, &verdict.invalid_campaign_gates);
  }
  for (const SharedCell& both : shared) {
    for (const Metric* const metric : ComparedMetrics(primary)) {
      Comparison comparison = Compare(both, *metric, metric == primary, verdict.family);
      if (metric != primary && !comparison.ratio.has_value()) continue;
      comparison.baseline = first.campaign.id();
      comparison.candidate = second.campaign.id();
      for (const CellResult* const cell : {both.first, both.second})
        AppendVoid(cell->gates, &comparison.voided_by);
      for (const CampaignResults* const results : {&first, &second})
        AppendVoid(results->gates, &comparison.voided_by);
      verdict.comparisons.push_back(std::move(comparison));
    }
    for (const CellResult* const cell : {both.first, both.second}) warnings.Add(cell->gates);
    AppendDisturbed(first, *both.first, &verdict.limits);
    AppendDisturbed(second, *both.second, &verdict.limits);
  }
  for (const CampaignResults* const results : {&first, &second}) {
    for (const CellResult& cell : results->cells) {
      const bool compared = std::any_of(shared.begin(), shared.end(), [&](const SharedCell& both) {
        return both.first == &cell || both.second == &cell;
      });
      if (!compared) AppendInvalidNames(cell.gates, &verdict.invalid_elsewhere);
    }
  }
  warnings.Add(verdict.gates);
  verdict.warnings = warnings.names();
  AppendLoadLimits(verdict, &verdict.limits);
  for (const CampaignResults* const results : {&first, &second})
    AppendLimitsOf(*results, &verdict.limits);
  return verdict;
}

}  // namespace assay::controller

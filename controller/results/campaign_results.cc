#include "controller/results/campaign_results.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "analysis/estimate.h"
#include "analysis/figures.h"
#include "analysis/latency_histogram.h"
#include "analysis/metrics.h"
#include "common/status_macros.h"
#include "controller/gates/environment_gates.h"
#include "controller/gates/gate_keeper.h"
#include "controller/plan/cells.h"
#include "controller/results/cell_gates.h"
#include "controller/results/imported_results.h"
#include "controller/results/outdated_gates.h"
#include "controller/results/regression.h"
#include "controller/results/unit_attempts.h"
#include "proto/convert/execution_figures.h"
#include "proto/convert/histogram_proto.h"

namespace assay::controller {
namespace {

constexpr double kNanosInMicro = 1e3;

ExecutionResult ResultOf(const ExecutionRecord& record, const LatencyHistogram& latency) {
  ExecutionResult result{FiguresOf(record, latency)};
  result.id = record.id();
  result.block = record.block();
  result.attempt = record.attempt();
  result.disturbed_starts = record.disturbed_starts();
  result.group = record.group();
  result.in_slots = record.has_slots();
  result.slot_ns = record.slots().slot_ns();
  for (const LoadRecord& load : record.loads()) result.retried += load.finished().retried();
  result.start_skew_us = static_cast<double>(record.skew().bound_ns()) / kNanosInMicro;
  return result;
}

// The median over all executions of the figure that `get` takes from each.
template <typename Get>
OverExecutions Over(const CellResult& cell, const Get& get) {
  std::vector<double> values;
  for (const ExecutionResult& execution : cell.executions) {
    const std::optional<double> value = get(execution);
    if (!value.has_value()) return std::nullopt;
    values.push_back(*value);
  }
  if (values.empty()) return std::nullopt;
  Estimate median = MedianInterval(std::move(values));
  // Windows of one process are not independent, so an interval that assumes independence would be too narrow.
  if (!cell.fresh_starts) median.low = median.high = std::nullopt;
  return median;
}

// The error message, with the last line of the program's output.
std::string WhyFailed(const Failure& failure) {
  std::string text = failure.message();
  const absl::string_view output = absl::StripAsciiWhitespace(failure.last_output());
  if (!output.empty()) {
    absl::StrAppend(&text,
                    "; the last line of its output: ", output.substr(output.rfind('\n') + 1));
  }
  return text;
}

// The data of one cell while executions are read. It holds no histogram, because a histogram takes 216 KiB and there
// may be many cells.
struct Gathered {
  // Executions that have the figure.
  std::vector<ProfileInfo> profiles;
  // By block, why an execution failed. A later attempt may have been measured.
  std::map<uint32_t, std::string> failures;
  CellGates gates;
  // Only of a search: its executions by block; and figures and gates, by id, of those that met the objective or gave no
  // evidence.
  std::map<uint32_t, std::vector<SearchExecution>> searches;
  std::map<std::string, std::pair<ExecutionResult, std::vector<GateResult>>> candidates;
  CellResult result;
};

// Takes an execution of a search. Its gates are those that steered the search, even if rules have changed since.
void AddToSearch(const Plan& plan, const ExecutionRecord& record, const LatencyHistogram& latency,
                 Gathered& gathered) {
  SearchExecution found = SearchExecutionOf(plan.load().find(), record);
  if (found.evidence.kind == RateEvidence::Kind::kMet ||
      found.evidence.kind == RateEvidence::Kind::kNone) {
    gathered.candidates[record.id()] = {ResultOf(record, latency),
                                        {record.gates().begin(), record.gates().end()}};
  }
  gathered.searches[record.block()].push_back(std::move(found));
}

// The execution whose gates are those of a block: the one that confirmed its rate, or the one that ended the search
// because it was no evidence. Empty if there is none.
std::string JudgedExecutionOf(const BlockCapacity& block) {
  const bool without_evidence = block.ended && !block.result.confirmed.has_value() &&
                                block.result.limit == SearchResult::Limit::kNoEvidence;
  return without_evidence ? block.executions.back().id : block.confirmed_by;
}

// Replays the searches of a cell and adds the executions that confirmed a rate to the cell's.
CapacityResult ConcludeSearches(const GateRules& rules, const Plan& plan, Gathered& gathered) {
  CellResult& result = gathered.result;
  CapacityResult capacity =
      CapacityOf(plan, result.cell, std::move(gathered.searches), result.fresh_starts);
  for (const BlockCapacity& block : capacity.blocks) {
    const auto found = gathered.candidates.find(JudgedExecutionOf(block));
    if (found == gathered.candidates.end()) continue;
    auto& [execution, gates] = found->second;
    for (const GateResult& gate : gates) gathered.gates.Add(rules, block.block, gate);
    if (execution.id != block.confirmed_by) continue;
    // A lower bound is not compared as if it were the server's capacity.
    if (!block.result.at_least()) execution.capacity_rps = block.result.confirmed;
    result.executions.push_back(std::move(execution));
  }
  gathered.candidates.clear();
  result.capacity_rps = capacity.capacity;
  result.capacity_at_least = capacity.at_least;
  return capacity;
}

// A failed execution that was repeated with success is not a failure of the campaign.
void CountFailures(Gathered& gathered) {
  CellResult& result = gathered.result;
  for (const ExecutionResult& one : result.executions) gathered.failures.erase(one.block);
  result.failed = static_cast<uint32_t>(gathered.failures.size());
  if (!gathered.failures.empty()) result.failure = gathered.failures.rbegin()->second;
}

// Judges the cell, and removes the executions of the blocks that are left out.
void ConcludeGates(const GateRules& rules, Gathered& gathered) {
  CellResult& result = gathered.result;
  std::set<uint32_t> blocks;
  for (const ExecutionResult& one : result.executions) blocks.insert(one.block);
  CellGates::Conclusion conclusion = gathered.gates.Conclude(rules, blocks.size());
  result.gates = std::move(conclusion.gates);
  result.left_out = std::move(conclusion.left_out);
  for (const LeftOutBlock& one : result.left_out) {
    std::erase_if(result.executions,
                  [&](const ExecutionResult& execution) { return execution.block == one.block; });
  }
}

void Derive(Gathered& gathered) {
  CellResult& result = gathered.result;
  const std::vector<ExecutionResult>& executions = result.executions;
  if (executions.empty()) return;
  result.rps = Over(result, [](const auto& one) { return one.rps; });
  result.mean_us = Over(result, [](const auto& one) { return one.mean_us; });
  for (size_t i = 0; i < kQuantiles.size(); ++i) {
    result.quantile_us[i] = Over(result, [i](const auto& one) { return one.quantile_us[i]; });
  }
  result.server_cpu_us_per_request =
      Over(result, [](const auto& one) { return one.server_cpu_us_per_request; });
  result.generator_cpu_us_per_request =
      Over(result, [](const auto& one) { return one.generator_cpu_us_per_request; });
  result.think_time_us = Over(result, [](const auto& one) { return one.think_time_us; });
  result.server_rss_bytes = Over(result, [](const auto& one) { return one.server_rss_bytes; });
  std::vector<double> medians;
  for (const ExecutionResult& one : executions) {
    result.retried += one.retried;
    if (one.quantile_us[0].has_value()) medians.push_back(*one.quantile_us[0]);
  }
  if (!medians.empty()) result.mean_of_medians_us = MeanOfMedians(medians);
}

// A histogram of all requests of one cell, while its executions are read.
class Pool {
 public:
  // Adds an execution of `cell`, which must remain valid until the call for the next cell or Finish().
  void Add(const LatencyHistogram& latency, CellResult& cell) {
    if (cell_ != &cell) Finish();
    cell_ = &cell;
    latency_.Merge(latency);
  }
  // Sets the quantiles of the last cell.
  void Finish() {
    if (cell_ == nullptr) return;
    for (size_t i = 0; i < kQuantiles.size(); ++i) {
      const std::optional<int64_t> nanos = SupportedQuantile(latency_, kQuantiles[i].q);
      if (nanos.has_value()) cell_->pooled_us[i] = static_cast<double>(*nanos) / kNanosInMicro;
    }
    latency_.Clear();
    cell_ = nullptr;
  }

 private:
  LatencyHistogram latency_;
  CellResult* cell_ = nullptr;
};

void JudgeProfilesOf(Gathered& gathered, const GateRules& rules, const Plan& plan) {
  std::vector<const ProfileInfo*> profiles;
  for (const ProfileInfo& profile : gathered.profiles) profiles.push_back(&profile);
  if (profiles.empty()) return;
  CellResult& result = gathered.result;
  for (GateResult& gate : JudgeProfiles(rules, plan, profiles, CellText(result.cell)))
    result.gates.push_back(std::move(gate));
}

// Blocks in which all cells were measured, except those for profiles, which decide nothing.
uint32_t FinishedBlocks(const Plan& plan,
                        const absl::flat_hash_map<std::string, Gathered>& gathered) {
  const uint32_t blocks = plan.blocks();
  const auto needed =
      static_cast<size_t>(std::count_if(gathered.begin(), gathered.end(), [&](const auto& entry) {
        return !IsSeparateExecution(plan, entry.second.result.cell);
      }));
  if (needed == 0) return blocks;
  // The number of cells measured in each block. A record without a hash may name any block.
  absl::flat_hash_map<uint32_t, size_t> measured;
  for (const auto& [key, one] : gathered) {
    if (IsSeparateExecution(plan, one.result.cell)) continue;
    std::set<uint32_t> own;
    for (const ExecutionResult& execution : one.result.executions) own.insert(execution.block);
    for (const uint32_t block : own) {
      if (block < blocks) ++measured[block];
    }
  }
  return static_cast<uint32_t>(std::count_if(
      measured.begin(), measured.end(), [&](const auto& entry) { return entry.second == needed; }));
}

// Adds the cells of the plan, without skipped ones, by CellText(). Returns these texts in the order of the plan.
std::vector<std::string> AddCells(const CampaignRecord& campaign,
                                  absl::flat_hash_map<std::string, Gathered>& gathered) {
  const std::vector<SkippedTarget> skipped(campaign.skipped().begin(), campaign.skipped().end());
  const SkippedCells skipped_cells(skipped);
  absl::flat_hash_set<std::string> by_url;
  for (const PlanTarget& target : campaign.plan().targets()) {
    if (!target.url().empty()) by_url.insert(target.label());
  }
  std::vector<std::string> order;
  for (Cell& cell : CellsOf(campaign.plan())) {
    if (skipped_cells.Contains(cell)) continue;
    order.push_back(CellText(cell));
    CellResult& result = gathered[order.back()].result;
    result.fresh_starts = !by_url.contains(cell.target());
    result.cell = std::move(cell);
  }
  return order;
}

// Blocks in which every search ended.
uint32_t FinishedSearches(const CampaignResults& results) {
  std::map<uint32_t, size_t> ended;
  for (const CapacityResult& capacity : results.capacity) {
    for (const BlockCapacity& block : capacity.blocks) ended[block.block] += block.ended ? 1 : 0;
  }
  return static_cast<uint32_t>(std::count_if(ended.begin(), ended.end(), [&](const auto& entry) {
    return entry.first < results.campaign.plan().blocks() &&
           entry.second == results.capacity.size();
  }));
}

// Reads the cells that thresholds on regressions compare with.
absl::Status ReadComparable(Store& store, const GateRules& rules, CampaignResults& results) {
  // Target and workload; an empty one stands for all.
  absl::flat_hash_set<std::pair<std::string, std::string>> wanted;
  for (const Threshold& one : results.campaign.plan().thresholds()) {
    if (one.has_regression_percent()) wanted.emplace(one.target(), one.workload());
  }
  if (wanted.empty()) return absl::OkStatus();
  std::map<std::string, Conditions> cells;
  for (const CellResult& one : results.cells) {
    const std::string& target = one.cell.target();
    const std::string& workload = one.cell.workload();
    if (one.cell.profiled()) continue;
    if (wanted.contains({target, workload}) || wanted.contains({target, ""}) ||
        wanted.contains({"", workload}) || wanted.contains({"", ""})) {
      cells[CellText(one.cell)] = ConditionsOf(results.campaign, one.cell, one.observed);
    }
  }
  ASSAY_ASSIGN_OR_RETURN(results.comparable,
                         FindComparable(store, rules, results.campaign, std::move(cells)));
  return absl::OkStatus();
}

// Judges a threshold on a regression of one cell.
void JudgeRegressionOf(const CampaignResults& results, const CellResult& cell,
                       ThresholdResult* result) {
  result->met = true;
  result->certain = false;
  const Metric* const metric = FindMetric(result->threshold.metric());
  const auto earlier = results.comparable.find(CellText(cell.cell));
  if (metric == nullptr || earlier == results.comparable.end()) return;
  result->compared_with = earlier->second.cell.campaign;
  result->changes = earlier->second.changes;
  std::vector<double> values;
  for (const ExecutionResult& one : cell.executions) {
    const std::optional<double> value = metric->of(one);
    if (value.has_value()) values.push_back(*value);
  }
  result->regression =
      CompareCampaigns(ValuesOf(earlier->second.cell, *metric), values, *metric, cell.fresh_starts);
  if (!result->regression.has_value()) return;
  const RegressionVerdict verdict =
      JudgeRegression(*result->regression, result->threshold.regression_percent(), *metric);
  result->met = !verdict.missed;
  result->certain = verdict.certain;
}

// The result of a cell after its last execution.
CellResult Conclude(const GateRules& rules, const Plan& plan, Gathered& gathered) {
  CountFailures(gathered);
  ConcludeGates(rules, gathered);
  Derive(gathered);
  JudgeProfilesOf(gathered, rules, plan);
  return std::move(gathered.result);
}

void JudgeWholeCampaign(const GateRules& rules, CampaignResults& results) {
  const CampaignRecord& campaign = results.campaign;
  results.gates = JudgeCampaign(rules, campaign.plan(), results.finished_blocks);
  for (GateResult& gate : JudgeEnvironment(rules, campaign.plan(), AgentsOf(campaign))) {
    results.gates.push_back(std::move(gate));
  }
}

}  // namespace

absl::Status CampaignResults::Damage() const {
  if (damaged.empty()) return absl::OkStatus();
  return absl::DataLossError(absl::StrJoin(
      damaged, "\n",
      [](std::string* out, const absl::Status& one) { absl::StrAppend(out, one.message()); }));
}

bool CampaignResults::invalid() const {
  const auto bad = [](const GateResult& gate) { return gate.verdict() == GateResult::INVALID; };
  return std::any_of(gates.begin(), gates.end(), bad) ||
         std::any_of(cells.begin(), cells.end(), [&](const CellResult& cell) {
           return std::any_of(cell.gates.begin(), cell.gates.end(), bad);
         });
}

absl::StatusOr<CampaignResults> ReadResults(Store& store, const GateRules& rules,
                                            const CampaignRecord& campaign) {
  if (IsImported(campaign)) return ReadImportedResults(store, campaign);
  CampaignResults results;
  results.campaign = campaign;
  absl::flat_hash_map<std::string, Gathered> gathered;
  const std::vector<std::string> order = AddCells(campaign, gathered);
  const bool searches = campaign.plan().load().has_find();
  ASSAY_ASSIGN_OR_RETURN(const absl::flat_hash_set<std::string> left_out,
                         LeftOutExecutions(store, campaign));
  results.left_out = left_out.size();
  OutdatedGates outdated(rules, campaign);
  Pool pool;
  const auto take = [&](const ExecutionRecord& record) -> absl::Status {
    const auto found =
        gathered.find(CellText(searches ? SearchOfCell(record.cell()) : record.cell()));
    if (found == gathered.end()) return absl::OkStatus();
    CellResult& result = found->second.result;
    if (left_out.contains(record.id())) return absl::OkStatus();
    if (record.status() != ExecutionRecord::MEASURED) {
      found->second.failures[record.block()] = WhyFailed(record.failure().failure());
      if (searches) AddToSearch(campaign.plan(), record, LatencyHistogram(), found->second);
      return absl::OkStatus();
    }
    const absl::StatusOr<LatencyHistogram> latency = FromProto(record.latency());
    // A record of a version without hashes.
    if (!latency.ok()) {
      results.damaged.push_back(absl::DataLossError(absl::StrCat(
          "the store: execution ", record.id(), " of campaign ", campaign.id(), " is damaged: ",
          latency.status().message(), "; restore the file from a copy, or `rerun` the campaign")));
      return absl::OkStatus();
    }
    if (searches) {
      AddToSearch(campaign.plan(), record, *latency, found->second);
      return absl::OkStatus();
    }
    result.executions.push_back(ResultOf(record, *latency));
    Observe(record, &result.observed);
    pool.Add(*latency, result);
    outdated.See(record);
    if (!IsOutdated(rules, record)) {
      for (const GateResult& gate : record.gates())
        found->second.gates.Add(rules, record.block(), gate);
    }
    if (record.server().has_profile() && record.server().profile().refused().empty())
      found->second.profiles.push_back(record.server().profile());
    return absl::OkStatus();
  };
  ASSAY_RETURN_IF_ERROR(
      store.ForEachExecution(campaign.id(), take, &results.damaged, Store::Order::kByCell));
  pool.Finish();
  if (searches) {
    for (const std::string& key : order)
      results.capacity.push_back(ConcludeSearches(rules, campaign.plan(), gathered[key]));
  }
  results.finished_blocks =
      searches ? FinishedSearches(results) : FinishedBlocks(campaign.plan(), gathered);
  ASSAY_RETURN_IF_ERROR(
      outdated.JudgeAgain(store, [&](const Cell& cell, uint32_t block, const GateResult& gate) {
        gathered[CellText(cell)].gates.Add(rules, block, gate);
      }));
  results.judged_again = outdated.count();
  results.rules_version = rules.version();
  JudgeWholeCampaign(rules, results);
  for (const std::string& key : order) {
    results.cells.push_back(Conclude(rules, campaign.plan(), gathered[key]));
  }
  ASSAY_RETURN_IF_ERROR(ReadComparable(store, rules, results));
  return results;
}

OverExecutions MetricOf(const CellResult& cell, const std::string& metric) {
  const Metric* const found = FindMetric(metric);
  if (found == nullptr) return std::nullopt;
  if (found->name == kCapacityMetric) return cell.capacity_rps;
  if (!found->mean_over_executions) return Over(cell, found->of);
  if (!cell.mean_of_medians_us.has_value()) return std::nullopt;
  return Estimate{.estimate = *cell.mean_of_medians_us};
}

std::vector<ThresholdResult> JudgeThresholds(const CampaignResults& results) {
  // By target, in the order of the cells; an empty label stands for all targets.
  absl::flat_hash_map<std::string, std::vector<const CellResult*>> cells_of;
  for (const CellResult& cell : results.cells) {
    if (IsSeparateExecution(results.campaign.plan(), cell.cell)) continue;
    cells_of[cell.cell.target()].push_back(&cell);
    cells_of[""].push_back(&cell);
  }
  std::vector<ThresholdResult> judged;
  for (const Threshold& threshold : results.campaign.plan().thresholds()) {
    const auto within = [&](double value) {
      return (!threshold.has_max() || value <= threshold.max()) &&
             (!threshold.has_min() || value >= threshold.min());
    };
    const auto found = cells_of.find(threshold.target());
    if (found == cells_of.end()) continue;
    for (const CellResult* const of_target : found->second) {
      const CellResult& cell = *of_target;
      if (!threshold.workload().empty() && threshold.workload() != cell.cell.workload()) continue;
      ThresholdResult result{.threshold = threshold, .cell = cell.cell};
      const OverExecutions metric = MetricOf(cell, threshold.metric());
      if (metric.has_value()) result.value = metric->estimate;
      if (threshold.has_regression_percent()) {
        JudgeRegressionOf(results, cell, &result);
      } else if (metric.has_value()) {
        const double low = metric->low.value_or(metric->estimate);
        const double high = metric->high.value_or(metric->estimate);
        // Some value of the interval is within both limits.
        result.met = (!threshold.has_max() || low <= threshold.max()) &&
                     (!threshold.has_min() || high >= threshold.min());
        result.certain = !result.met || (within(low) && within(high));
        // A lower bound does not miss a minimum, and does not meet a maximum for certain.
        if (threshold.metric() == kCapacityMetric && cell.capacity_at_least) {
          result.met = !threshold.has_max() || low <= threshold.max();
          result.certain = !result.met || (within(low) && !threshold.has_max());
          result.lower_bound = true;
        }
      }
      judged.push_back(std::move(result));
    }
  }
  return judged;
}

}  // namespace assay::controller

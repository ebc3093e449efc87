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
#include "controller/results/imported_results.h"
#include "controller/results/outdated_gates.h"
#include "controller/results/regression.h"
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

// Severity. An unreadable figure is worse than a warning, because its value is not known.
int Badness(GateResult::Verdict verdict) {
  switch (verdict) {
    case GateResult::INVALID:
      return 3;
    case GateResult::UNREADABLE:
      return 2;
    case GateResult::WARN:
      return 1;
    default:
      return 0;
  }
}

// Compares two results of one gate.
bool IsWorse(const GateRules& rules, const GateResult& a, const GateResult& b) {
  if (a.verdict() != b.verdict()) return Badness(a.verdict()) > Badness(b.verdict());
  const GateRule* const rule = rules.Find(a.name());
  const bool less_is_bad = rule != nullptr && rule->direction == GateDirection::kMin;
  return less_is_bad ? a.value() < b.value() : a.value() > b.value();
}

void KeepWorst(const GateRules& rules, const GateResult& gate, std::vector<GateResult>& gates) {
  const auto found = std::find_if(gates.begin(), gates.end(),
                                  [&](const GateResult& one) { return one.name() == gate.name(); });
  if (found == gates.end()) {
    gates.push_back(gate);
  } else if (IsWorse(rules, gate, *found)) {
    *found = gate;
  }
}

// The judgement of the median execution; of two middle ones the worse. REQUIRES: not empty.
GateResult TypicalOf(const GateRules& rules, std::vector<GateResult> results) {
  const auto middle = results.begin() + static_cast<int64_t>((results.size() - 1) / 2);
  std::nth_element(results.begin(), middle, results.end(),
                   [&](const GateResult& a, const GateResult& b) { return IsWorse(rules, a, b); });
  return *middle;
}

// The data of one cell while executions are read. It holds no histogram, because a histogram takes 216 KiB and there
// may be many cells.
struct Gathered {
  // Executions that have the figure.
  std::vector<ProfileInfo> profiles;
  // By block, why an execution failed. A later attempt may have been measured.
  std::map<uint32_t, std::string> failures;
  // By name, the judgements of gates of which the typical one counts.
  std::map<std::string, std::vector<GateResult>> typical;
  CellResult result;

  void Add(const GateRules& rules, const GateResult& gate) {
    const GateRule* const rule = rules.Find(gate.name());
    if (rule != nullptr && rule->typical_execution) {
      typical[gate.name()].push_back(gate);
    } else {
      KeepWorst(rules, gate, result.gates);
    }
  }
  // After the last execution.
  void ConcludeGates(const GateRules& rules) {
    for (auto& [name, results] : typical) {
      result.gates.push_back(TypicalOf(rules, std::move(results)));
    }
    typical.clear();
  }
};

// A failed execution that was repeated with success is not a failure of the campaign.
void CountFailures(Gathered& gathered) {
  CellResult& result = gathered.result;
  for (const ExecutionResult& one : result.executions) gathered.failures.erase(one.block);
  result.failed = static_cast<uint32_t>(gathered.failures.size());
  if (!gathered.failures.empty()) result.failure = gathered.failures.rbegin()->second;
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

// Reads the cells that thresholds on regressions compare with.
absl::Status ReadComparable(Store& store, CampaignResults& results) {
  // Target and workload; an empty one stands for all.
  absl::flat_hash_set<std::pair<std::string, std::string>> wanted;
  for (const Threshold& one : results.campaign.plan().thresholds()) {
    if (one.has_regression_percent()) wanted.emplace(one.target(), one.workload());
  }
  if (wanted.empty()) return absl::OkStatus();
  std::vector<Cell> cells;
  for (Cell& cell : ComparableCells(results.campaign)) {
    if (wanted.contains({cell.target(), cell.workload()}) || wanted.contains({cell.target(), ""}) ||
        wanted.contains({"", cell.workload()}) || wanted.contains({"", ""})) {
      cells.push_back(std::move(cell));
    }
  }
  if (cells.empty()) return absl::OkStatus();
  // The results list the damaged executions already.
  std::vector<absl::Status> damaged;
  ASSAY_ASSIGN_OR_RETURN(const std::vector<StoredCell> own,
                         ReadStoredCells(store, results.campaign, cells, &damaged));
  ASSAY_ASSIGN_OR_RETURN(results.comparable, FindComparable(store, results.campaign, own));
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
  result->compared_with = earlier->second.campaign;
  std::vector<double> values;
  for (const ExecutionResult& one : cell.executions) {
    const std::optional<double> value = metric->of(one);
    if (value.has_value()) values.push_back(*value);
  }
  result->regression =
      CompareCampaigns(ValuesOf(earlier->second, *metric), values, *metric, cell.fresh_starts);
  if (!result->regression.has_value()) return;
  const RegressionVerdict verdict =
      JudgeRegression(*result->regression, result->threshold.regression_percent(), *metric);
  result->met = !verdict.missed;
  result->certain = verdict.certain;
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
  const std::vector<SkippedTarget> skipped(campaign.skipped().begin(), campaign.skipped().end());
  const SkippedCells skipped_cells(skipped);
  absl::flat_hash_set<std::string> by_url;
  for (const PlanTarget& target : campaign.plan().targets()) {
    if (!target.url().empty()) by_url.insert(target.label());
  }
  absl::flat_hash_map<std::string, Gathered> gathered;
  std::vector<std::string> order;
  for (Cell& cell : CellsOf(campaign.plan())) {
    if (skipped_cells.Contains(cell)) continue;
    order.push_back(CellText(cell));
    CellResult& result = gathered[order.back()].result;
    result.fresh_starts = !by_url.contains(cell.target());
    result.cell = std::move(cell);
  }
  OutdatedGates outdated(rules, campaign);
  Pool pool;
  const auto take = [&](const ExecutionRecord& record) -> absl::Status {
    const auto found = gathered.find(CellText(record.cell()));
    if (found == gathered.end()) return absl::OkStatus();
    CellResult& result = found->second.result;
    if (record.status() != ExecutionRecord::MEASURED) {
      found->second.failures[record.block()] = WhyFailed(record.failure().failure());
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
    result.executions.push_back(ResultOf(record, *latency));
    pool.Add(*latency, result);
    outdated.See(record);
    if (!IsOutdated(rules, record)) {
      for (const GateResult& gate : record.gates()) found->second.Add(rules, gate);
    }
    if (record.server().has_profile() && record.server().profile().refused().empty())
      found->second.profiles.push_back(record.server().profile());
    return absl::OkStatus();
  };
  ASSAY_RETURN_IF_ERROR(
      store.ForEachExecution(campaign.id(), take, &results.damaged, Store::Order::kByCell));
  pool.Finish();
  results.finished_blocks = FinishedBlocks(campaign.plan(), gathered);
  ASSAY_RETURN_IF_ERROR(outdated.JudgeAgain(store, [&](const Cell& cell, const GateResult& gate) {
    gathered[CellText(cell)].Add(rules, gate);
  }));
  results.judged_again = outdated.count();
  results.rules_version = rules.version();
  results.gates = JudgeCampaign(rules, campaign.plan(), results.finished_blocks);
  for (GateResult& gate : JudgeEnvironment(rules, campaign.plan(), AgentsOf(campaign))) {
    results.gates.push_back(std::move(gate));
  }
  for (const std::string& key : order) {
    CountFailures(gathered[key]);
    gathered[key].ConcludeGates(rules);
    Derive(gathered[key]);
    JudgeProfilesOf(gathered[key], rules, campaign.plan());
    results.cells.push_back(std::move(gathered[key].result));
  }
  ASSAY_RETURN_IF_ERROR(ReadComparable(store, results));
  return results;
}

OverExecutions MetricOf(const CellResult& cell, const std::string& metric) {
  const Metric* const found = FindMetric(metric);
  if (found == nullptr) return std::nullopt;
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
      }
      judged.push_back(std::move(result));
    }
  }
  return judged;
}

}  // namespace assay::controller

#include "controller/results/campaign_results.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "analysis/latency_histogram.h"
#include "common/status_macros.h"
#include "controller/campaign/gate_keeper.h"
#include "controller/campaign/plan_fit.h"
#include "controller/plan/cells.h"
#include "proto/convert/histogram_proto.h"

namespace assay {
namespace {

constexpr double kNanosInMicro = 1e3;

ExecutionResult ResultOf(const ExecutionRecord& record, const LatencyHistogram& latency) {
  ExecutionResult result;
  result.id = record.id();
  result.block = record.block();
  result.attempt = record.attempt();
  result.disturbed_starts = record.disturbed_starts();
  int64_t window_ns = 0;
  int64_t generator_ns = 0;
  uint64_t ok = 0;
  for (const LoadRecord& load : record.loads()) {
    const LoadFinished& finished = load.finished();
    result.requests += finished.ok() + finished.errors() + finished.timeouts();
    result.sent += finished.sent();
    result.retried += finished.retried();
    // A queue that is answered after the window is not its throughput.
    ok += finished.ok_in_window() > 0 ? finished.ok_in_window() : finished.ok();
    generator_ns += finished.work_ns() > 0 ? finished.work_ns() : finished.cpu_ns();
    window_ns = std::max(window_ns, finished.duration_ns());
  }
  if (window_ns > 0) result.rps = static_cast<double>(ok) * 1e9 / static_cast<double>(window_ns);
  if (latency.count() > 0) result.mean_us = latency.MeanNanos() / kNanosInMicro;
  for (size_t i = 0; i < kQuantiles.size(); ++i) {
    const std::optional<int64_t> nanos = SupportedQuantile(latency, kQuantiles[i].q);
    if (nanos.has_value()) result.quantile_us[i] = static_cast<double>(*nanos) / kNanosInMicro;
  }
  const double requests = static_cast<double>(std::max<uint64_t>(1, result.requests));
  result.generator_cpu_us_per_request =
      static_cast<double>(generator_ns) / kNanosInMicro / requests;
  if (record.has_server()) {
    result.server_cpu_us_per_request =
        static_cast<double>(record.server().cpu_ns()) / kNanosInMicro / requests;
    result.server_rss_bytes = static_cast<double>(record.server().rss_bytes());
  }
  result.start_skew_us = static_cast<double>(record.skew().bound_ns()) / kNanosInMicro;
  return result;
}

// The figure that `get` takes from each execution, over all of them.
template <typename Get>
OverExecutions Over(const std::vector<ExecutionResult>& executions, const Get& get) {
  std::vector<double> values;
  for (const ExecutionResult& execution : executions) {
    const std::optional<double> value = get(execution);
    if (!value.has_value()) return std::nullopt;
    values.push_back(*value);
  }
  if (values.empty()) return std::nullopt;
  return MedianInterval(std::move(values));
}

// What failed, with the last line that the program said.
std::string WhyFailed(const Failure& failure) {
  std::string text = failure.message();
  const absl::string_view words = absl::StripAsciiWhitespace(failure.last_words());
  if (!words.empty()) {
    absl::StrAppend(&text, "; its last words: ", words.substr(words.rfind('\n') + 1));
  }
  return text;
}

// How bad: an unreadable figure is worse than a warning, for nobody knows it.
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

// Of two results of one gate.
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

// What is gathered of one cell while executions are read.
struct Gathered {
  LatencyHistogram pooled;
  // Of the executions that have one.
  std::vector<ProfileInfo> profiles;
  // By block, why an execution failed; a later one may have been measured.
  std::map<uint32_t, std::string> failures;
  CellResult result;
};

// An execution that was made again after it had failed is no failure of the campaign's.
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
  result.rps = Over(executions, [](const auto& one) { return std::optional(one.rps); });
  result.mean_us = Over(executions, [](const auto& one) { return std::optional(one.mean_us); });
  for (size_t i = 0; i < kQuantiles.size(); ++i) {
    result.quantile_us[i] = Over(executions, [i](const auto& one) { return one.quantile_us[i]; });
    const std::optional<int64_t> pooled = SupportedQuantile(gathered.pooled, kQuantiles[i].q);
    if (pooled.has_value()) result.pooled_us[i] = static_cast<double>(*pooled) / kNanosInMicro;
  }
  result.server_cpu_us_per_request =
      Over(executions, [](const auto& one) { return one.server_cpu_us_per_request; });
  result.generator_cpu_us_per_request = Over(
      executions, [](const auto& one) { return std::optional(one.generator_cpu_us_per_request); });
  result.server_rss_bytes = Over(executions, [](const auto& one) { return one.server_rss_bytes; });
  std::vector<double> medians;
  for (const ExecutionResult& one : executions) {
    if (one.quantile_us[0].has_value()) medians.push_back(*one.quantile_us[0]);
  }
  if (!medians.empty()) result.mean_of_medians_us = MeanOfMedians(medians);
}

void JudgeProfilesOf(Gathered& gathered, const GateRules& rules, const Plan& plan) {
  std::vector<const ProfileInfo*> profiles;
  for (const ProfileInfo& profile : gathered.profiles) profiles.push_back(&profile);
  if (profiles.empty()) return;
  CellResult& result = gathered.result;
  for (GateResult& gate : JudgeProfiles(rules, plan, profiles, CellText(result.cell)))
    result.gates.push_back(std::move(gate));
}

uint32_t FinishedBlocks(const std::map<std::string, Gathered>& gathered, uint32_t blocks) {
  uint32_t finished = 0;
  for (uint32_t block = 0; block < blocks; ++block) {
    const bool whole = std::all_of(gathered.begin(), gathered.end(), [&](const auto& entry) {
      const std::vector<ExecutionResult>& executions = entry.second.result.executions;
      return std::any_of(executions.begin(), executions.end(),
                         [&](const ExecutionResult& one) { return one.block == block; });
    });
    finished += whole ? 1 : 0;
  }
  return finished;
}

}  // namespace

bool CampaignResults::invalid() const {
  const auto bad = [](const GateResult& gate) { return gate.verdict() == GateResult::INVALID; };
  return std::any_of(gates.begin(), gates.end(), bad) ||
         std::any_of(cells.begin(), cells.end(), [&](const CellResult& cell) {
           return std::any_of(cell.gates.begin(), cell.gates.end(), bad);
         });
}

absl::StatusOr<CampaignResults> ReadResults(Store& store, const GateRules& rules,
                                            const CampaignRecord& campaign) {
  CampaignResults results;
  results.campaign = campaign;
  const std::vector<SkippedTarget> skipped(campaign.skipped().begin(), campaign.skipped().end());
  std::map<std::string, Gathered> gathered;
  std::vector<std::string> order;
  for (Cell& cell : CellsOf(campaign.plan())) {
    if (IsSkipped(cell, skipped)) continue;
    order.push_back(CellText(cell));
    gathered[order.back()].result.cell = std::move(cell);
  }
  ASSAY_RETURN_IF_ERROR(
      store.ForEachExecution(campaign.id(), [&](const ExecutionRecord& record) -> absl::Status {
        const auto found = gathered.find(CellText(record.cell()));
        if (found == gathered.end()) return absl::OkStatus();
        CellResult& result = found->second.result;
        if (record.status() != ExecutionRecord::MEASURED) {
          found->second.failures[record.block()] = WhyFailed(record.failure().failure());
          return absl::OkStatus();
        }
        ASSAY_ASSIGN_OR_RETURN(const LatencyHistogram latency, FromProto(record.latency()));
        result.executions.push_back(ResultOf(record, latency));
        found->second.pooled.Merge(latency);
        for (const GateResult& gate : record.gates()) KeepWorst(rules, gate, result.gates);
        if (record.server().has_profile() && record.server().profile().refused().empty())
          found->second.profiles.push_back(record.server().profile());
        return absl::OkStatus();
      }));
  results.finished_blocks = FinishedBlocks(gathered, campaign.plan().blocks());
  results.gates = JudgeCampaign(rules, campaign.plan(), results.finished_blocks);
  for (const std::string& key : order) {
    CountFailures(gathered[key]);
    Derive(gathered[key]);
    JudgeProfilesOf(gathered[key], rules, campaign.plan());
    results.cells.push_back(std::move(gathered[key].result));
  }
  return results;
}

std::optional<double> MetricOf(const CellResult& cell, const std::string& metric) {
  const auto estimate = [](const OverExecutions& figure) {
    return figure.has_value() ? std::optional(figure->estimate) : std::nullopt;
  };
  if (metric == "rps") return estimate(cell.rps);
  if (metric == "mean_us") return estimate(cell.mean_us);
  if (metric == "mean_of_medians_us") return cell.mean_of_medians_us;
  if (metric == "server_cpu_us_per_request") return estimate(cell.server_cpu_us_per_request);
  if (metric == "generator_cpu_us_per_request") return estimate(cell.generator_cpu_us_per_request);
  if (metric == "server_rss_bytes") return estimate(cell.server_rss_bytes);
  for (size_t i = 0; i < kQuantiles.size(); ++i) {
    if (metric == absl::StrCat(kQuantiles[i].name, "_us")) return estimate(cell.quantile_us[i]);
  }
  return std::nullopt;
}

std::vector<ThresholdResult> JudgeThresholds(const CampaignResults& results) {
  std::vector<ThresholdResult> judged;
  for (const Threshold& threshold : results.campaign.plan().thresholds()) {
    for (const CellResult& cell : results.cells) {
      if (IsApart(results.campaign.plan(), cell.cell)) continue;
      if (!threshold.target().empty() && threshold.target() != cell.cell.target()) continue;
      if (!threshold.workload().empty() && threshold.workload() != cell.cell.workload()) continue;
      ThresholdResult result{threshold, cell.cell, MetricOf(cell, threshold.metric()), false};
      result.met = result.value.has_value() &&
                   (!threshold.has_max() || *result.value <= threshold.max()) &&
                   (!threshold.has_min() || *result.value >= threshold.min());
      judged.push_back(std::move(result));
    }
  }
  return judged;
}

}  // namespace assay

#include "controller/verdict/judged_cells.h"

#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "analysis/order_statistics.h"
#include "common/number_text.h"
#include "controller/plan/cells.h"
#include "controller/results/imported_results.h"
#include "controller/results/results_json.h"

namespace assay::controller {

absl::Status CheckComparable(const CampaignRecord& campaign) {
  return CheckNotImported(campaign,
                          "its figures have no intervals and its executions are not paired with "
                          "others, so there is no verdict; `show` prints the figures");
}

absl::StatusOr<const Metric*> PrimaryMetricOf(const CampaignRecord& campaign) {
  const std::string& name = campaign.plan().primary_metric();
  const Metric* const metric = FindMetric(name);
  if (metric != nullptr) return metric;
  return absl::InvalidArgumentError(
      absl::StrCat("campaign ", campaign.id(), " cannot be compared: its primary metric \"", name,
                   "\" is not one of this version; `rerun` it with --set primary_metric=..."));
}

std::vector<const Metric*> ComparedMetrics(const Metric* primary) {
  std::vector<const Metric*> metrics = {primary};
  for (const Metric& metric : AllMetrics()) {
    if (&metric != primary && !metric.mean_over_executions) metrics.push_back(&metric);
  }
  return metrics;
}

std::optional<double> BusyShareOf(const CellResult& cell) {
  std::vector<double> shares;
  for (const ExecutionResult& one : cell.executions) {
    if (!one.server_busy_share.has_value()) return std::nullopt;
    shares.push_back(*one.server_busy_share);
  }
  if (shares.empty()) return std::nullopt;
  return MedianInterval(std::move(shares)).estimate;
}

void AppendVoid(const std::vector<GateResult>& gates, std::vector<GateResult>* voided_by) {
  for (const GateResult& gate : gates) {
    if (gate.verdict() == GateResult::INVALID && gate.name() != "too_few_blocks")
      voided_by->push_back(gate);
  }
}

void AppendInvalidNames(const std::vector<GateResult>& gates, std::vector<std::string>* names) {
  for (const GateResult& gate : gates) {
    if (gate.verdict() == GateResult::INVALID) names->push_back(gate.name());
  }
}

void Warnings::Add(const std::vector<GateResult>& gates) {
  for (const GateResult& gate : gates) {
    if (gate.verdict() != GateResult::WARN && gate.verdict() != GateResult::UNREADABLE) continue;
    if (known_.insert(gate.name()).second) names_.push_back(gate.name());
  }
}

void AppendLimitsOf(const CampaignResults& results, std::vector<std::string>* limits) {
  const CampaignRecord& campaign = results.campaign;
  if (campaign.status() != CampaignRecord::COMPLETE) {
    limits->push_back(absl::StrCat(
        "campaign ", campaign.id(), " is ", StatusText(campaign.status()), " after ",
        results.finished_blocks, " of ", CountText(campaign.plan().blocks(), "block"),
        "; a verdict before the planned number of blocks is wrong more often than stated"));
  }
  if (!results.damaged.empty()) {
    limits->push_back(
        absl::StrCat(CountText(results.damaged.size(), "execution is", "executions are"),
                     " damaged in the store and not compared, of campaign ", campaign.id()));
  }
}

void AppendLoadLimits(const CampaignVerdict& verdict, std::vector<std::string>* limits) {
  const auto text = [](const std::string& name, std::optional<double> share) {
    return share.has_value() ? absl::StrFormat("%s %.0f %%", name, 100 * *share)
                             : absl::StrCat(name, " unknown");
  };
  for (const Comparison* const one : verdict.Primary()) {
    const bool known = one->baseline_busy.has_value() && one->candidate_busy.has_value();
    if (one->metric->depends_on_saturation && !one->below_saturation() && !known) {
      limits->push_back(absl::StrCat(
          "at ", LevelText(one->cell), " it is not known whether the servers' CPUs were busy (",
          text(one->baseline, one->baseline_busy), ", ", text(one->candidate, one->candidate_busy),
          "), so the verdict holds at this load and perhaps not at the servers' limit"));
    }
    if (!one->below_saturation()) continue;
    limits->push_back(absl::StrCat(
        "at ", LevelText(one->cell), " a server's CPUs were not busy (",
        text(one->baseline, one->baseline_busy), ", ", text(one->candidate, one->candidate_busy),
        "), so the verdict holds at this load and not at the servers' limit"));
  }
}

}  // namespace assay::controller

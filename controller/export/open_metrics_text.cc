#include "controller/export/open_metrics_text.h"

#include <optional>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "analysis/metrics.h"
#include "common/number_text.h"
#include "common/utf8.h"
#include "controller/plan/cells.h"
#include "controller/results/results_json.h"
#include "controller/results/threshold_text.h"

namespace assay::controller {
namespace {

constexpr double kMicrosInSecond = 1e6;

using Labels = std::vector<std::pair<std::string, std::string>>;

std::string Escaped(std::string_view text) {
  return absl::StrReplaceAll(ToValidUtf8(text), {{"\\", "\\\\"}, {"\"", "\\\""}, {"\n", "\\n"}});
}

// One metric family and its samples, in order. A sample whose name and labels are already there is left out: a family
// must not have two samples of one time.
class Family {
 public:
  Family(std::string_view name, std::string_view type, std::string_view help)
      : name_(name),
        head_(absl::StrCat("# TYPE ", name_, " ", std::string(type), "\n# HELP ", name_, " ",
                           Escaped(help), "\n")) {}

  // `suffix` follows the family's name.
  void Add(std::string_view suffix, const Labels& labels, double value) {
    std::string key = absl::StrCat(name_, std::string(suffix), "{");
    const char* before = "";
    for (const auto& [label, text] : labels) {
      absl::StrAppend(&key, before, label, "=\"", Escaped(text), "\"");
      before = ",";
    }
    key += "}";
    if (!known_.insert(key).second) return;
    samples_.push_back(absl::StrCat(key, " ", NumberText(value)));
  }

  // A sample for each state: 1 for the current one, else 0.
  void AddStates(Labels labels, const std::vector<std::string>& states,
                 const std::string& current) {
    labels.emplace_back(name_, "");
    for (const std::string& state : states) {
      labels.back().second = state;
      Add("", labels, state == current ? 1 : 0);
    }
  }

  // `time`: what follows each value. Empty without samples.
  std::string ToString(const std::string& time) const {
    if (samples_.empty()) return "";
    std::string text = head_;
    for (const std::string& sample : samples_) absl::StrAppend(&text, sample, time, "\n");
    return text;
  }

 private:
  const std::string name_;
  const std::string head_;
  std::set<std::string> known_;
  std::vector<std::string> samples_;
};

// A figure and the ends of its interval, which are families of their own.
class EstimateFamily {
 public:
  EstimateFamily(const std::string& name, const std::string& help)
      : estimate_(name, "gauge", help),
        low_(absl::StrCat(name, "_low"), "gauge",
             absl::StrCat("lower end of the confidence interval of ", name)),
        high_(absl::StrCat(name, "_high"), "gauge",
              absl::StrCat("upper end of the confidence interval of ", name)) {}

  void Add(const Labels& labels, const std::optional<Estimate>& figure) {
    if (!figure.has_value()) return;
    estimate_.Add("", labels, figure->estimate);
    if (figure->low.has_value()) low_.Add("", labels, *figure->low);
    if (figure->high.has_value()) high_.Add("", labels, *figure->high);
  }

  std::string ToString(const std::string& time) const {
    return absl::StrCat(estimate_.ToString(time), low_.ToString(time), high_.ToString(time));
  }

 private:
  Family estimate_;
  Family low_;
  Family high_;
};

Labels LabelsOf(const CampaignResults& results, const Cell& cell) {
  return {{"campaign", results.campaign.id()}, {"target", cell.target()},
          {"workload", cell.workload()},       {"mode", cell.mode()},
          {"level", LevelText(cell)},          {"profiled", cell.profiled() ? "yes" : "no"}};
}

std::string CellFamilies(const CampaignResults& results, const std::string& time) {
  std::string text;
  for (const Metric& metric : AllMetrics()) {
    const std::string name(metric.name);
    EstimateFamily family(absl::StrCat("assay_", name),
                          absl::StrCat(std::string(metric.meaning), " (", std::string(metric.unit),
                                       "); median over executions"));
    for (const CellResult& cell : results.cells)
      family.Add(LabelsOf(results, cell.cell), MetricOf(cell, name));
    text += family.ToString(time);
  }
  Family executions("assay_executions", "gauge", "measured executions of the cell");
  Family failed("assay_failed_executions", "gauge", "blocks in which the cell was not measured");
  for (const CellResult& cell : results.cells) {
    const Labels labels = LabelsOf(results, cell.cell);
    executions.Add("", labels, static_cast<double>(cell.executions.size()));
    failed.Add("", labels, cell.failed);
  }
  return absl::StrCat(text, executions.ToString(time), failed.ToString(time));
}

std::string GateFamilies(const CampaignResults& results, const std::string& time) {
  Family value("assay_gate_value", "gauge", "figure of the gate, in its unit");
  Family limit("assay_gate_limit", "gauge", "limit of the gate, in its unit");
  Family verdict("assay_gate_verdict", "stateset", "verdict of the gate");
  const auto add = [&](const GateResult& gate, const std::string& place) {
    const Labels labels = {{"campaign", results.campaign.id()},
                           {"gate", gate.name()},
                           {"in", place},
                           {"unit", gate.unit()}};
    if (gate.has_value()) value.Add("", labels, gate.value());
    limit.Add("", labels, gate.limit());
    verdict.AddStates(labels, {"pass", "warn", "invalid", "unreadable"},
                      VerdictText(gate.verdict()));
  };
  for (const GateResult& gate : results.gates)
    add(gate, gate.subject().empty() ? std::string("the campaign") : gate.subject());
  for (const CellResult& cell : results.cells) {
    for (const GateResult& gate : cell.gates) add(gate, CellText(cell.cell));
  }
  return absl::StrCat(value.ToString(time), limit.ToString(time), verdict.ToString(time));
}

std::string ThresholdFamily(const CampaignResults& results, const std::string& time) {
  Family family("assay_threshold", "stateset", "whether the threshold of the plan is met");
  for (const ThresholdResult& one : JudgeThresholds(results)) {
    family.AddStates({{"campaign", results.campaign.id()}, {"name", ThresholdName(one)}},
                     {"met", "missed", "undecided"},
                     !one.met      ? "missed"
                     : one.certain ? "met"
                                   : "undecided");
  }
  return family.ToString(time);
}

std::string ComparisonFamilies(const CampaignVerdict& verdict, const CampaignResults& results,
                               const std::string& time) {
  EstimateFamily ratio("assay_comparison_ratio", "candidate divided by baseline");
  Family word("assay_comparison_verdict", "stateset",
              "verdict on the candidate against the baseline");
  for (const auto* const all : {&verdict.comparisons, &verdict.aa}) {
    for (const Comparison& one : *all) {
      const Labels labels = {{"campaign", results.campaign.id()},
                             {"baseline", one.baseline},
                             {"candidate", one.candidate},
                             {"workload", one.cell.workload()},
                             {"level", LevelText(one.cell)},
                             {"metric", std::string(one.metric->name)},
                             {"primary", one.primary ? "yes" : "no"},
                             {"control", all == &verdict.aa ? "yes" : "no"}};
      if (one.ratio.has_value()) ratio.Add(labels, one.ratio->ratio);
      word.AddStates(labels, {"faster", "slower", "equivalent", "inconclusive", "invalid"},
                     one.verdict());
    }
  }
  return absl::StrCat(ratio.ToString(time), word.ToString(time));
}

}  // namespace

std::string OpenMetricsText(const CampaignResults& results, const CampaignVerdict* verdict,
                            SampleTimes times) {
  const CampaignRecord& campaign = results.campaign;
  // A campaign that has not ended has no time of its own.
  const std::string time =
      times == SampleTimes::kNone || campaign.ended_us() == 0
          ? ""
          : absl::StrCat(" ",
                         NumberText(static_cast<double>(campaign.ended_us()) / kMicrosInSecond));
  Family info("assay_campaign", "info", "the campaign that the other samples belong to");
  info.Add("_info",
           {{"campaign", campaign.id()},
            {"label", campaign.label()},
            {"plan", campaign.plan().name()},
            {"status", StatusText(campaign.status())}},
           1);
  return absl::StrCat(info.ToString(time), CellFamilies(results, time), GateFamilies(results, time),
                      ThresholdFamily(results, time),
                      verdict == nullptr ? "" : ComparisonFamilies(*verdict, results, time),
                      "# EOF\n");
}

}  // namespace assay::controller

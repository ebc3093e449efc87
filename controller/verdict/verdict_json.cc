#include "controller/verdict/verdict_json.h"

#include <utility>
#include <vector>

#include "controller/results/csv_row.h"
#include "controller/results/json_values.h"
#include "controller/results/results_json.h"
#include "controller/verdict/verdict_words.h"
#include "nlohmann/json.hpp"

namespace assay::controller {
namespace {

using Json = nlohmann::ordered_json;

std::string MethodText(Method method) {
  switch (method) {
    case Method::kBlocks:
      return "blocks";
    case Method::kSegments:
      return "segments";
    case Method::kUnpaired:
      return "unpaired";
  }
  return "";
}

Json GatesJson(const std::vector<GateResult>& gates) {
  Json json = Json::array();
  for (const GateResult& gate : gates) json.push_back(GateJson(gate));
  return json;
}

Json RatioJson(const Comparison& one) {
  if (!one.ratio.has_value()) return Json();
  Json json = OrNull(std::optional(one.ratio->ratio));
  json["confidence"] = one.ratio->confidence;
  return json;
}

Json ToJson(const Comparison& one) {
  Json json;
  json["baseline"] = one.baseline;
  json["candidate"] = one.candidate;
  SetCell(one.cell, &json);
  json["metric"] = std::string(one.metric->name);
  json["primary"] = one.primary;
  json["ratio"] = RatioJson(one);
  json["verdict"] = one.verdict();
  json["within_zone"] = one.ratio.has_value() && one.ratio->within_zone;
  json["blocks"] = one.ratio.has_value() ? one.ratio->blocks : 0;
  json["blocks_needed"] = one.ratio.has_value() && one.ratio->blocks_needed.has_value()
                              ? Json(*one.ratio->blocks_needed)
                              : Json();
  json["blocks_at_least"] = one.blocks_at_least;
  json["blocks_left_out"] = one.blocks_left_out;
  json["blocks_disturbed"] = one.blocks_disturbed;
  json["slot_pairs"] = one.slot_pairs;
  json["slot_pairs_left_out"] = one.slot_pairs_left_out;
  json["method"] = one.ratio.has_value() ? Json(MethodText(one.ratio->method)) : Json();
  json["dependence"] = one.dependence;
  json["segment_ratios"] = one.ratio.has_value() ? Json(one.ratio->segment_ratios) : Json::array();
  json["between_start_sd"] = OrNull(one.spread.between_start_sd);
  json["within_start_sd"] = OrNull(one.spread.within_start_sd);
  json["baseline_busy_share"] = OrNull(one.baseline_busy);
  json["candidate_busy_share"] = OrNull(one.candidate_busy);
  json["at_this_load"] = one.below_saturation();
  json["missing"] = one.missing;
  json["invalid_gates"] = Json::array();
  for (const GateResult& gate : one.voided_by) json["invalid_gates"].push_back(gate.name());
  return json;
}

Json ComparisonsJson(const std::vector<Comparison>& comparisons) {
  Json json = Json::array();
  for (const Comparison& one : comparisons) json.push_back(ToJson(one));
  return json;
}

}  // namespace

Json ToJson(const CampaignVerdict& verdict) {
  Json json;
  json["campaigns"] = verdict.campaigns;
  json["design"] = DesignText(verdict.design);
  json["sentences"] = SentencesOf(verdict);
  json["baseline"] = verdict.baseline.empty() ? Json() : Json(verdict.baseline);
  json["primary_metric"] = verdict.primary_metric;
  json["family"] = verdict.family;
  json["aa"] = ComparisonsJson(verdict.aa);
  json["breakdown"] = Json::array();
  json["between_start_sd"] = OrNull(verdict.between_start_sd);
  json["within_start_sd"] = OrNull(verdict.within_start_sd);
  json["comparisons"] = ComparisonsJson(verdict.comparisons);
  json["gates"] = GatesJson(verdict.gates);
  json["warnings"] = verdict.warnings;
  json["limits"] = verdict.limits;
  json["servers"] = Json::array();
  for (const ServerDifference& one : verdict.servers) {
    json["servers"].push_back({{"target", one.label},
                               {"key", one.change.key},
                               {"first", one.change.before},
                               {"second", one.change.after}});
  }
  json["environment"] = Json::array();
  for (const EnvironmentDifference& one : verdict.environment) {
    json["environment"].push_back(
        {{"role", one.role}, {"key", one.key}, {"first", one.first}, {"second", one.second}});
  }
  return json;
}

std::string ToCsv(const CampaignVerdict& verdict) {
  CsvRow titles;
  for (const char* title : {"baseline", "candidate", "target", "workload", "mode", "connections",
                            "rate", "metric", "primary", "aa", "ratio", "ratio_low", "ratio_high",
                            "confidence", "verdict", "blocks", "blocks_needed"}) {
    titles.Text(title);
  }
  std::string text = titles.Line();
  for (const auto* const all : {&verdict.comparisons, &verdict.aa}) {
    for (const Comparison& one : *all) {
      CsvRow row;
      row.Text(one.baseline).Text(one.candidate).Text(one.cell.target());
      row.Text(one.cell.workload()).Text(one.cell.mode());
      if (one.cell.rate_per_s() > 0) {
        row.Nothing().Number(one.cell.rate_per_s());
      } else {
        row.Count(one.cell.connections()).Nothing();
      }
      row.Text(std::string(one.metric->name)).Count(one.primary ? 1 : 0);
      row.Count(all == &verdict.aa ? 1 : 0);
      if (one.ratio.has_value()) {
        row.Number(one.ratio->ratio.estimate).Number(one.ratio->ratio.low);
        row.Number(one.ratio->ratio.high).Number(one.ratio->confidence);
      } else {
        row.Nothing().Nothing().Nothing().Nothing();
      }
      row.Text(one.verdict()).Count(one.ratio.has_value() ? one.ratio->blocks : 0);
      if (one.ratio.has_value() && one.ratio->blocks_needed.has_value()) {
        row.Count(*one.ratio->blocks_needed);
      } else {
        row.Nothing();
      }
      text += row.Line();
    }
  }
  return text;
}

}  // namespace assay::controller

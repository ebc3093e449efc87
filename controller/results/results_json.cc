#include "controller/results/results_json.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/time/time.h"
#include "common/json_text.h"
#include "controller/plan/cells.h"
#include "controller/results/capacity_output.h"
#include "controller/results/imported_results.h"
#include "controller/results/json_values.h"
#include "controller/results/result_notes.h"
#include "controller/results/scaling.h"
#include "nlohmann/json.hpp"

namespace assay::controller {
namespace {

using Json = nlohmann::ordered_json;

Json ToJson(const OverExecutions& figure) {
  Json json;
  json["estimate"] = figure.has_value() ? Json(figure->estimate) : Json();
  json["low"] = figure.has_value() ? OrNull(figure->low) : Json();
  json["high"] = figure.has_value() ? OrNull(figure->high) : Json();
  return json;
}

Json ToJson(const std::vector<GateResult>& gates) {
  Json json = Json::array();
  for (const GateResult& gate : gates) json.push_back(GateJson(gate));
  return json;
}

// Of an imported execution, what only Assay counts is null.
Json ToJson(const ExecutionResult& execution, bool imported) {
  Json json;
  json["id"] = execution.id;
  json["block"] = execution.block;
  json["attempt"] = execution.attempt;
  json["disturbed_starts"] = execution.disturbed_starts;
  json["sent"] = execution.sent.has_value() ? Json(*execution.sent) : Json();
  json["requests"] = execution.requests.has_value() ? Json(*execution.requests) : Json();
  json["retried"] = imported ? Json() : Json(execution.retried);
  json["rps"] = OrNull(execution.rps);
  Json latency;
  latency["mean"] = OrNull(execution.mean_us);
  for (size_t i = 0; i < kQuantiles.size(); ++i) {
    latency[kQuantiles[i].name] = OrNull(execution.quantile_us[i]);
  }
  json["latency_us"] = std::move(latency);
  json["server_cpu_us_per_request"] = OrNull(execution.server_cpu_us_per_request);
  json["generator_cpu_us_per_request"] = OrNull(execution.generator_cpu_us_per_request);
  json["think_time_us"] = OrNull(execution.think_time_us);
  json["server_rss_bytes"] = OrNull(execution.server_rss_bytes);
  json["start_skew_us"] = imported ? Json() : Json(execution.start_skew_us);
  return json;
}

Json ToJson(const CellResult& cell) {
  Json json;
  SetCell(cell.cell, &json);
  json["profiled"] = cell.cell.profiled();
  json["imported_from"] = cell.imported.has_value() ? ImportedJson(*cell.imported) : Json();
  Json executions = Json::array();
  for (const ExecutionResult& one : cell.executions)
    executions.push_back(ToJson(one, cell.imported.has_value()));
  json["executions"] = std::move(executions);
  json["repeats"] = RepeatsText(cell);
  json["failed_executions"] = cell.failed;
  json["left_out_blocks"] = Json::array();
  for (const LeftOutBlock& one : cell.left_out) {
    json["left_out_blocks"].push_back({{"block", one.block}, {"gate", one.gate.name()}});
  }
  if (!cell.failure.empty()) json["failure"] = cell.failure;
  json["rps"] = ToJson(cell.rps);
  Json latency;
  latency["mean"] = ToJson(cell.mean_us);
  for (size_t i = 0; i < kQuantiles.size(); ++i) {
    Json quantile = ToJson(cell.quantile_us[i]);
    quantile["pooled"] = OrNull(cell.pooled_us[i]);
    latency[kQuantiles[i].name] = std::move(quantile);
  }
  json["latency_us"] = std::move(latency);
  json["mean_of_medians_us"] = OrNull(cell.mean_of_medians_us);
  json["server_cpu_us_per_request"] = ToJson(cell.server_cpu_us_per_request);
  json["generator_cpu_us_per_request"] = ToJson(cell.generator_cpu_us_per_request);
  json["think_time_us"] = ToJson(cell.think_time_us);
  json["server_rss_bytes"] = ToJson(cell.server_rss_bytes);
  json["retried"] = cell.imported.has_value() ? Json() : Json(cell.retried);
  json["gates"] = ToJson(cell.gates);
  return json;
}

Json ToJson(const Ability& ability) {
  Json json;
  json["name"] = ability.name();
  json["available"] = ability.available();
  if (!ability.available()) json["reason"] = ability.reason();
  if (!ability.available()) json["remedy"] = ability.remedy();
  return json;
}

Json ToJson(const AgentRecord& agent) {
  const AgentDescription& description = agent.description();
  Json json;
  json["address"] = agent.address();
  json["host"] = description.host();
  json["version"] = description.version();
  json["cpus"] = description.cpus();
  json["clock_offset_us"] = static_cast<double>(agent.clock_offset_ns()) / 1e3;
  json["clock_uncertainty_us"] = static_cast<double>(agent.clock_uncertainty_ns()) / 1e3;
  Json targets = Json::array();
  for (const TargetDescription& target : description.targets()) {
    Json one;
    one["name"] = target.name();
    one["installed"] = target.installed();
    one["version"] = target.version();
    if (!target.installed()) one["install"] = target.install();
    targets.push_back(std::move(one));
  }
  json["targets"] = std::move(targets);
  const Abilities& abilities = description.abilities();
  json["perf_events"] = Json::array();
  for (const Ability& event : abilities.perf_events()) json["perf_events"].push_back(ToJson(event));
  // Abilities that profiles need besides those events. Agents of 2026-11 and earlier do not report them.
  json["profile_abilities"] = Json::array();
  for (const Ability& ability :
       {abilities.off_cpu(), abilities.kernel_names(), abilities.syscalls()}) {
    if (!ability.name().empty()) json["profile_abilities"].push_back(ToJson(ability));
  }
  return json;
}

Json EnvironmentOf(const CampaignRecord& campaign) {
  Json json = Json::object();
  for (const AgentRecord& agent : campaign.agents()) {
    Json facts = Json::object();
    for (const auto& [key, value] : agent.description().environment()) facts[key] = value;
    json[agent.address()] = std::move(facts);
  }
  return json;
}

}  // namespace

std::string StatusText(CampaignRecord::Status status) {
  switch (status) {
    case CampaignRecord::RUNNING:
      return "running";
    case CampaignRecord::COMPLETE:
      return "complete";
    case CampaignRecord::INTERRUPTED:
      return "interrupted";
    case CampaignRecord::CANCELLED:
      return "cancelled";
    case CampaignRecord::FAILED:
      return "failed";
    default:
      return "unknown";
  }
}

std::string SummaryStatusText(const CampaignSummary& campaign) {
  return campaign.damaged ? "damaged" : StatusText(campaign.status);
}

std::string VerdictText(GateResult::Verdict verdict) {
  switch (verdict) {
    case GateResult::PASS:
      return "pass";
    case GateResult::WARN:
      return "warn";
    case GateResult::INVALID:
      return "invalid";
    default:
      return "unreadable";
  }
}

std::string TimeText(int64_t unix_us) {
  if (unix_us == 0) return "";
  return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", absl::FromUnixMicros(unix_us), absl::UTCTimeZone());
}

namespace {

// Everything except the cells: a campaign may have many, so an empty list takes their place.
Json WithoutCells(const CampaignResults& results) {
  const CampaignRecord& campaign = results.campaign;
  Json json;
  Json& head = json["campaign"];
  head["id"] = campaign.id();
  head["label"] = campaign.label();
  head["started"] = TimeText(campaign.started_us());
  head["ended"] = TimeText(campaign.ended_us());
  head["status"] = StatusText(campaign.status());
  head["status_reason"] = campaign.status_reason();
  head["controller_version"] = campaign.controller_version();
  head["imported_from"] = IsImported(campaign) ? Json(campaign.imported_from()) : Json();
  head["finished_blocks"] = IsImported(campaign) ? Json() : Json(results.finished_blocks);
  head["left_out_executions"] = results.left_out;
  Json& plan = json["plan"];
  plan["name"] = campaign.plan().name();
  plan["blocks"] = campaign.plan().blocks();
  plan["seed"] = campaign.plan().seed();
  plan["text"] = campaign.plan_text();
  json["environment"] = EnvironmentOf(campaign);
  json["agents"] = Json::array();
  for (const AgentRecord& agent : campaign.agents()) json["agents"].push_back(ToJson(agent));
  json["skipped"] = Json::array();
  for (const SkippedTarget& one : campaign.skipped()) {
    Json skipped;
    skipped["target"] = one.target();
    if (!one.workload().empty()) skipped["workload"] = one.workload();
    skipped["reason"] = one.reason();
    json["skipped"].push_back(std::move(skipped));
  }
  json["notes"] = NotesOf(results);
  json["capacity"] = CapacityJson(results);
  json["cells"] = Json::array();
  // Present only if there are any.
  for (const absl::Status& one : results.damaged) {
    json["damaged"].push_back(std::string(one.message()));
  }
  json["scaling"] = ScalingJson(results);
  json["gates"] = ToJson(results.gates);
  json["thresholds"] = Json::array();
  for (const ThresholdResult& one : JudgeThresholds(results)) {
    Json threshold;
    threshold["metric"] = one.threshold.metric();
    threshold["cell"] = CellText(one.cell);
    threshold["value"] = OrNull(one.value);
    threshold["max"] = one.threshold.has_max() ? Json(one.threshold.max()) : Json();
    threshold["min"] = one.threshold.has_min() ? Json(one.threshold.min()) : Json();
    threshold["met"] = one.met;
    threshold["certain"] = one.certain;
    if (one.threshold.has_regression_percent()) {
      threshold["regression_percent"] = one.threshold.regression_percent();
      threshold["compared_with"] = one.compared_with.empty() ? Json() : Json(one.compared_with);
      threshold["ratio"] = one.regression.has_value() ? ToJson(one.regression->ratio) : Json();
      threshold["condition_changes"] = ConditionChangesJson(one.changes);
    }
    json["thresholds"].push_back(std::move(threshold));
  }
  return json;
}

// Indents a nested value: all its lines except the first move to the right. JSON strings contain no line breaks.
std::string Indented(const Json& value, int spaces) {
  return absl::StrReplaceAll(JsonText(value, 2),
                             {{"\n", absl::StrCat("\n", std::string(spaces, ' '))}});
}

}  // namespace

Json GateJson(const GateResult& gate) {
  Json json;
  json["name"] = gate.name();
  json["value"] = gate.has_value() ? Json(gate.value()) : Json();
  json["limit"] = gate.limit();
  json["unit"] = gate.unit();
  json["verdict"] = VerdictText(gate.verdict());
  json["advice"] = gate.advice();
  return json;
}

Json ToJson(const CampaignResults& results) {
  Json json = WithoutCells(results);
  for (const CellResult& cell : results.cells) json["cells"].push_back(ToJson(cell));
  return json;
}

void WriteJson(const CampaignResults& results, const Json& more,
               absl::FunctionRef<void(const std::string&)> write) {
  Json json = WithoutCells(results);
  json.update(more);
  const char* before = "{";
  for (const auto& [key, value] : json.items()) {
    write(absl::StrCat(before, "\n  ", JsonText(Json(key)), ": "));
    before = ",";
    if (key != "cells" || results.cells.empty()) {
      write(Indented(value, 2));
      continue;
    }
    const char* before_cell = "[";
    for (const CellResult& cell : results.cells) {
      write(absl::StrCat(before_cell, "\n    ", Indented(ToJson(cell), 4)));
      before_cell = ",";
    }
    write("\n  ]");
  }
  write("\n}");
}

Json ToJson(const std::vector<CampaignSummary>& campaigns) {
  Json json;
  json["campaigns"] = Json::array();
  for (const CampaignSummary& one : campaigns) {
    Json campaign;
    campaign["id"] = one.id;
    campaign["label"] = one.label;
    campaign["plan"] = one.plan;
    campaign["started"] = TimeText(one.started_us);
    campaign["ended"] = TimeText(one.ended_us);
    campaign["status"] = SummaryStatusText(one);
    campaign["status_reason"] = one.status_reason;
    campaign["executions"] = one.executions;
    campaign["failed_executions"] = one.failed_executions;
    json["campaigns"].push_back(std::move(campaign));
  }
  return json;
}

Json ToJson(const std::vector<AgentRecord>& agents,
            const std::vector<UnreachableAgent>& unreachable) {
  Json json;
  json["agents"] = Json::array();
  for (const AgentRecord& agent : agents) {
    json["agents"].push_back(ToJson(agent));
    json["agents"].back()["reachable"] = true;
  }
  for (const UnreachableAgent& agent : unreachable) {
    json["agents"].push_back({{"address", agent.address},
                              {"reachable", false},
                              {"error", std::string(agent.why.message())}});
  }
  return json;
}

}  // namespace assay::controller

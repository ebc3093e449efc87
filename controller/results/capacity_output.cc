#include "controller/results/capacity_output.h"

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/number_text.h"
#include "common/utf8.h"
#include "controller/plan/cells.h"
#include "controller/results/json_values.h"
#include "controller/results/text_table.h"

namespace assay::controller {
namespace {

using Align = TextTable::Align;
using Json = nlohmann::ordered_json;
using Kind = RateEvidence::Kind;
using Limit = SearchResult::Limit;

const FindCapacity& ObjectiveOf(const CampaignResults& results) {
  return results.campaign.plan().load().find();
}

// What kept a search from a higher rate, for a sentence that begins with "because".
std::string BecauseText(const SearchResult& result) {
  const std::string at =
      result.limiting_rate.has_value()
          ? absl::StrCat(" (", result.why, " at ", WithThousands(*result.limiting_rate), "/s)")
          : "";
  switch (result.limit) {
    case Limit::kObjective:
      return absl::StrCat("the server missed the objective", at);
    case Limit::kGenerator:
      return absl::StrCat("the load generator was the limit", at,
                          ": give the load more CPUs or hosts");
    case Limit::kNoEvidence:
      return absl::StrCat("executions failed or were disturbed", at);
    case Limit::kHighestRate:
      return "the highest rate that a search tries met the objective";
    case Limit::kExecutions:
      return absl::StrCat("the search used up its executions", at);
  }
  return "";
}

std::string ConfirmedText(const CapacityResult& capacity, uint32_t blocks) {
  return absl::StrCat(capacity.confirmed, " of ", blocks);
}

std::string LimitsText(const CapacityResult& capacity) {
  const std::map<std::string, uint32_t> limits = LimitsOf(capacity);
  std::string text;
  for (const auto& [name, count] : limits) {
    absl::StrAppend(&text, text.empty() ? "" : ", ", name);
    if (limits.size() > 1) absl::StrAppend(&text, " (", count, ")");
  }
  return text;
}

// A sentence about a search whose result is not the server's capacity; empty for the others.
std::string LineOf(const CapacityResult& capacity, const BlockCapacity& block) {
  const std::string where = absl::StrCat(capacity.cell.target(), " ", capacity.cell.workload(),
                                         ", block ", block.block + 1, ": ");
  if (!block.unreadable.empty()) return absl::StrCat(where, block.unreadable);
  if (!block.ended) {
    return absl::StrCat(where, "the search has not ended after ", block.executions.size(),
                        " executions");
  }
  const SearchResult& result = block.result;
  if (result.none_meets()) {
    return absl::StrCat(where, "no rate met the objective: ", result.why, " at ",
                        WithThousands(*result.limiting_rate), "/s, the lowest rate tried");
  }
  if (!result.confirmed.has_value())
    return absl::StrCat(where, "no rate was confirmed, because ", BecauseText(result));
  if (!result.at_least()) return "";
  return absl::StrCat(where, "at least ", WithThousands(*result.confirmed), "/s, because ",
                      BecauseText(result));
}

std::string OutcomeText(Kind kind) {
  switch (kind) {
    case Kind::kMet:
      return "met";
    case Kind::kMissed:
      return "missed";
    case Kind::kGeneratorLimit:
      return "generator limit";
    case Kind::kNone:
      return "no evidence";
  }
  return "";
}

std::string ExecutionTable(const CampaignResults& results, size_t width) {
  TextTable table({{"target", Align::kLeft},
                   {"workload", Align::kLeft},
                   {"block", Align::kRight},
                   {"rate/s", Align::kRight},
                   {"length", Align::kLeft},
                   {ObjectiveOf(results).metric(), Align::kRight},
                   {"outcome", Align::kLeft},
                   {"why", Align::kLeft}});
  for (const CapacityResult& capacity : results.capacity) {
    for (const BlockCapacity& block : capacity.blocks) {
      for (const SearchExecution& one : block.executions) {
        table.AddRow({capacity.cell.target(), capacity.cell.workload(),
                      absl::StrCat(block.block + 1), WithThousands(one.rate_per_s),
                      one.full_length ? "full" : "probe",
                      one.value.has_value() ? WithThousands(one.value->estimate) : "n/a",
                      OutcomeText(one.evidence.kind), one.evidence.why});
      }
    }
  }
  return table.ToString(width);
}

Json ToJson(const SearchExecution& one) {
  Json json;
  json["id"] = one.id;
  json["rate"] = one.rate_per_s;
  json["attempt"] = one.attempt;
  json["length"] = one.full_length ? "full" : "probe";
  json["value"] = OrNull(one.value);
  json["outcome"] = OutcomeText(one.evidence.kind);
  json["why"] = one.evidence.why;
  return json;
}

Json ToJson(const BlockCapacity& block) {
  const SearchResult& result = block.result;
  Json json;
  json["block"] = block.block;
  json["ended"] = block.ended;
  json["confirmed"] = OrNull(result.confirmed);
  json["confirmed_by"] = block.confirmed_by.empty() ? Json() : Json(block.confirmed_by);
  json["at_least"] = block.ended && result.at_least();
  json["limited_by"] = block.ended ? Json(LimitName(result.limit)) : Json();
  json["limiting_rate"] = OrNull(result.limiting_rate);
  json["why"] = result.why;
  if (!block.unreadable.empty()) json["unreadable"] = block.unreadable;
  json["executions"] = Json::array();
  for (const SearchExecution& one : block.executions) json["executions"].push_back(ToJson(one));
  return json;
}

}  // namespace

std::string CapacityText(const CapacityResult& capacity) {
  if (!capacity.capacity.has_value()) return "n/a";
  const Estimate& rate = *capacity.capacity;
  if (rate.estimate == 0) return "none";
  std::string text =
      absl::StrCat(capacity.at_least ? "at least " : "", WithThousands(rate.estimate), "/s");
  if (rate.low.has_value() && rate.high.has_value()) {
    absl::StrAppend(&text, " [", WithThousands(*rate.low), ", ", WithThousands(*rate.high), "]");
  }
  return text;
}

std::string CapacityTables(const CampaignResults& results, size_t width, bool executions) {
  if (results.capacity.empty()) return "";
  const Plan& plan = results.campaign.plan();
  TextTable table({{"target", Align::kLeft},
                   {"workload", Align::kLeft},
                   {"objective", Align::kLeft},
                   {"capacity", Align::kRight},
                   {"confirmed blocks", Align::kRight},
                   {"limited by", Align::kLeft}});
  std::string lines;
  for (const CapacityResult& capacity : results.capacity) {
    table.AddRow({capacity.cell.target(), capacity.cell.workload(),
                  ObjectiveText(plan.load().find()), CapacityText(capacity),
                  ConfirmedText(capacity, plan.blocks()), LimitsText(capacity)});
    for (const BlockCapacity& block : capacity.blocks) {
      const std::string line = LineOf(capacity, block);
      if (!line.empty()) absl::StrAppend(&lines, TerminalText(line), "\n");
    }
  }
  std::string text = absl::StrCat(table.ToString(width), lines);
  if (executions) absl::StrAppend(&text, "\n", ExecutionTable(results, width));
  return text;
}

Json CapacityJson(const CampaignResults& results) {
  Json json = Json::array();
  for (const CapacityResult& capacity : results.capacity) {
    const FindCapacity& find = ObjectiveOf(results);
    Json one;
    one["target"] = capacity.cell.target();
    one["workload"] = capacity.cell.workload();
    one["connections"] = find.connections();
    one["objective"] = {{"metric", find.metric()}, {"max", find.max()}};
    const std::optional<Estimate>& rate = capacity.capacity;
    one["estimate"] = rate.has_value() ? Json(rate->estimate) : Json();
    one["low"] = rate.has_value() ? OrNull(rate->low) : Json();
    one["high"] = rate.has_value() ? OrNull(rate->high) : Json();
    one["at_least"] = capacity.at_least;
    one["confirmed"] = capacity.confirmed;
    one["ended"] = capacity.ended;
    one["limited_by"] = Json::object();
    for (const auto& [name, count] : LimitsOf(capacity)) one["limited_by"][name] = count;
    one["blocks"] = Json::array();
    for (const BlockCapacity& block : capacity.blocks) one["blocks"].push_back(ToJson(block));
    json.push_back(std::move(one));
  }
  return json;
}

}  // namespace assay::controller

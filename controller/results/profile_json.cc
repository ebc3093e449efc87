#include "controller/results/profile_json.h"

#include <string>
#include <utility>

#include "controller/results/json_values.h"
#include "nlohmann/json.hpp"

namespace assay::controller {
namespace {

using Json = nlohmann::ordered_json;

constexpr double kNanosInSecond = 1e9;

Json ToJson(const ProfiledRun& run) {
  const ProfileInfo& info = run.info;
  Json json;
  json["execution"] = run.execution_id;
  json["block"] = run.block;
  json["samples"] = info.samples();
  json["whole"] = info.whole();
  json["truncated"] = info.truncated();
  json["lost"] = info.lost();
  json["throttled"] = info.throttled();
  json["off_cpu_samples"] = run.stacks.total(StackTime::kOffCpu).samples;
  json["switches"] = info.switches();
  json["duration_s"] = static_cast<double>(info.end_ns() - info.start_ns()) / kNanosInSecond;
  json["unwind_cpu_s"] = static_cast<double>(info.unwind_cpu_ns()) / kNanosInSecond;
  Json counters = Json::object();
  for (const auto& [name, count] : info.counters()) counters[name] = count;
  json["counters"] = std::move(counters);
  return json;
}

Json SystemCallsOf(const CellProfiles& cell, const FunctionTree& tree, const CategoryRules& rules) {
  Json calls = Json::array();
  for (const SystemCallCost& one :
       SystemCallCosts(tree, rules, cell.requests(), cell.SystemCalls())) {
    calls.push_back({{"name", one.label},
                     {"share", one.cost.share},
                     {"us_per_request", OrNull(one.cost.us_per_request)},
                     {"calls_per_request", OrNull(one.calls_per_request)}});
  }
  return calls;
}

void AddCosts(const CellProfiles& cell, const CategoryRules& rules, Json* json) {
  const FunctionTree& tree = cell.Tree();
  (*json)["system_calls"] = SystemCallsOf(cell, tree, rules);
  (*json)["off_cpu_system_calls"] = SystemCallsOf(cell, cell.Tree(StackTime::kOffCpu), rules);
  Json categories = Json::array();
  for (const CategoryCost& one : CategoryCosts(tree, rules, cell.requests())) {
    categories.push_back({{"name", std::string(ToString(one.category))},
                          {"share", one.cost.share},
                          {"us_per_request", OrNull(one.cost.us_per_request)},
                          {"share_low", one.share_low},
                          {"share_high", one.share_high},
                          {"bound", BoundName(one.bound)}});
  }
  (*json)["categories"] = std::move(categories);
  Json loopback;
  if (const std::optional<LoopbackDelivery> found = LoopbackDeliveryOf(cell, rules)) {
    loopback["cpu_us_per_request"] = OrNull(found->cpu_us_per_request);
    loopback["delivery_us_per_request"] = OrNull(found->delivery.us_per_request);
    loopback["delivery_share"] = found->delivery.share;
  }
  (*json)["loopback_delivery"] = std::move(loopback);
}

Json ToJson(const CellProfiles& cell, const CategoryRules& rules) {
  Json json;
  SetCell(cell.cell, &json);
  const ProfileInfo* first = cell.runs.empty() ? nullptr : &cell.runs.front().info;
  json["event"] = first == nullptr ? Json() : Json(first->event());
  json["frequency_hz"] = first == nullptr ? Json() : Json(first->frequency_hz());
  json["requests"] = first == nullptr ? Json() : Json(cell.requests());
  json["cost"] = OrNull(cell.Cost());
  if (!cell.refused.empty()) json["refused"] = cell.refused;
  if (!cell.remedy.empty()) json["remedy"] = cell.remedy;
  json["unreadable"] = cell.unreadable;
  json["share_of"] = first == nullptr ? Json() : Json(cell.has_kernel() ? "cpu" : "user_cpu");
  Json runs = Json::array();
  for (const ProfiledRun& run : cell.runs) runs.push_back(ToJson(run));
  json["runs"] = std::move(runs);
  AddCosts(cell, rules, &json);
  if (!cell.calls_refused.empty()) json["calls_refused"] = cell.calls_refused;
  json["notes"] = cell.Notes();
  return json;
}

}  // namespace

const char* BoundName(Bound bound) {
  switch (bound) {
    case Bound::kExact:
      return "exact";
    case Bound::kAtLeast:
      return "at_least";
    case Bound::kAtMost:
      return "at_most";
    case Bound::kAbout:
      return "about";
  }
  return "about";
}

Json ToJson(const std::vector<CellProfiles>& cells, const CategoryRules& rules) {
  Json json = Json::array();
  for (const CellProfiles& cell : cells) json.push_back(ToJson(cell, rules));
  return json;
}

}  // namespace assay::controller

#include "controller/results/conditions.h"

#include <algorithm>
#include <functional>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "analysis/crc32c.h"
#include "common/number_text.h"
#include "controller/gates/environment_gates.h"
#include "controller/plan/cells.h"
#include "controller/plan/interleaving.h"

namespace assay::controller {
namespace {

constexpr std::string_view kServerRole = "server ";
constexpr std::string_view kLoadRole = "load ";

// Of the conditions of the plan, the placement and the server. Those of the hosts are DecisiveHostProperties().
constexpr std::string_view kComparableKeys[] = {
    "target", "workload", "load",        "window",    "warm-up",
    "design", "slots",    "server CPUs", "load CPUs",
};

std::string TargetText(const PlanTarget& target) {
  std::string text = target.url().empty() ? target.name() : target.url();
  if (target.http2()) text += " HTTP/2";
  // Sorted by key, because a protobuf map has no order.
  const std::map<std::string, std::string> options(target.options().begin(),
                                                   target.options().end());
  for (const auto& [key, value] : options) absl::StrAppend(&text, " ", key, "=", value);
  return text;
}

// Names the workload and tells its definitions apart, of which a body may be long.
std::string WorkloadText(const Workload& workload) {
  const std::string bytes = workload.SerializeAsString();
  return absl::StrFormat("%s %s (definition %08x)", workload.method(), workload.path(),
                         Crc32c(bytes));
}

std::string LoadText(const Load& load) {
  switch (load.kind_case()) {
    case Load::kOpen:
      return absl::StrCat(OpenLoop::Arrivals_Name(load.open().arrivals()), " arrivals over ",
                          CountText(load.open().connections(), "connection"));
    case Load::kCurve:
      return absl::StrCat(OpenLoop::Arrivals_Name(load.curve().arrivals()), " arrivals over ",
                          CountText(load.curve().connections(), "connection"));
    default:
      return "closed loop";
  }
}

std::string WindowText(const Plan& plan, const Cell& cell) {
  const WindowBound bound = BoundOfCell(plan, cell);
  return bound.requests > 0 ? CountText(bound.requests, "request")
                            : absl::FormatDuration(bound.duration);
}

// As planned: slots that a block repeats with greater lengths do not make campaigns incomparable.
std::string SlotsText(const CampaignRecord& campaign, const Cell& cell) {
  const SkippedCells skipped({campaign.skipped().begin(), campaign.skipped().end()});
  uint32_t targets = 0;
  for (const PlanTarget& target : campaign.plan().targets()) {
    Cell other = cell;
    other.set_target(target.label());
    targets += skipped.Contains(other) ? 0 : 1;
  }
  const SlotLengths lengths =
      SlotLengthsOf(campaign.plan(), cell, std::max<uint32_t>(1, targets), 1);
  return absl::StrCat(lengths.rounds, " rounds of ", targets, " slots of ",
                      absl::FormatDuration(lengths.slot));
}

void AddHosts(const CampaignRecord& campaign, JobId::Role role, std::string_view name,
              Conditions* conditions) {
  std::map<std::string, std::set<std::string>> values;
  for (const AgentRecord& agent : campaign.agents()) {
    if (std::count(agent.roles().begin(), agent.roles().end(), role) == 0) continue;
    values["host"].insert(agent.description().host());
    for (const auto& [key, value] : agent.description().environment()) {
      if (IsHostProperty(key)) values[key].insert(value);
    }
  }
  for (const auto& [key, all] : values) {
    (*conditions)[absl::StrCat(std::string(name), key)] = absl::StrJoin(all, " and ");
  }
}

bool ConsumePrefix(std::string_view prefix, std::string_view* text) {
  if (!text->starts_with(prefix)) return false;
  text->remove_prefix(prefix.size());
  return true;
}

std::string ValueOf(const Conditions& conditions, const std::string& key) {
  const auto found = conditions.find(key);
  return found == conditions.end() ? std::string() : found->second;
}

ConditionChange::Of KindOf(std::string_view key) {
  if (key == "target" || key == "server version" || key == "server build id") {
    return ConditionChange::Of::kServer;
  }
  std::string_view property = key;
  const bool has_role =
      ConsumePrefix(kServerRole, &property) || ConsumePrefix(kLoadRole, &property);
  // All keys of an environment have a dot.
  const bool of_host =
      has_role && (property == "host" || property.find('.') != std::string_view::npos);
  return of_host ? ConditionChange::Of::kHosts : ConditionChange::Of::kMeasurement;
}

}  // namespace

void Observe(const ExecutionRecord& execution, ObservedConditions* observed) {
  (*observed)["design"].insert(execution.has_slots() ? "interleaved" : "sequential");
  if (execution.has_server_ready()) {
    (*observed)["server version"].insert(execution.server_ready().version());
    (*observed)["server build id"].insert(execution.server_ready().build_id());
    (*observed)["server CPUs"].insert(execution.server_ready().cpus());
  }
  for (const LoadRecord& load : execution.loads()) {
    (*observed)["load CPUs"].insert(load.ready().cpus());
  }
}

Conditions ConditionsOf(const CampaignRecord& campaign, const Cell& cell,
                        const ObservedConditions& observed) {
  const Plan& plan = campaign.plan();
  Conditions conditions;
  conditions["target"] = TargetText(TargetOfCell(plan, cell));
  conditions["workload"] = WorkloadText(WorkloadOfCell(plan, cell));
  conditions["load"] = LoadText(plan.load());
  conditions["window"] = WindowText(plan, cell);
  conditions["warm-up"] = absl::StrCat(NumberText(plan.load().warmup().seconds()), " s");
  if (IsInterleaved(plan, cell)) conditions["slots"] = SlotsText(campaign, cell);
  AddHosts(campaign, JobId::SERVER, kServerRole, &conditions);
  AddHosts(campaign, JobId::LOAD, kLoadRole, &conditions);
  for (const auto& [key, values] : observed) conditions[key] = absl::StrJoin(values, " and ");
  return conditions;
}

bool Comparable(const Conditions& a, const Conditions& b) {
  const auto equal = [&](const std::string& key) { return ValueOf(a, key) == ValueOf(b, key); };
  for (const std::string_view key : kComparableKeys) {
    if (!equal(std::string(key))) return false;
  }
  for (const std::string_view key : DecisiveHostProperties()) {
    for (const std::string_view role : {kServerRole, kLoadRole}) {
      if (!equal(absl::StrCat(std::string(role), std::string(key)))) return false;
    }
  }
  return true;
}

std::vector<ConditionChange> ChangesOf(const Conditions& before, const Conditions& after) {
  std::vector<ConditionChange> changes;
  Conditions all = before;
  all.insert(after.begin(), after.end());
  for (const auto& [key, value] : all) {
    ConditionChange change{.of = KindOf(key),
                           .key = key,
                           .before = ValueOf(before, key),
                           .after = ValueOf(after, key)};
    const bool reported = before.contains(key) && after.contains(key);
    if (change.of == ConditionChange::Of::kHosts && !reported) continue;
    if (change.before != change.after) changes.push_back(std::move(change));
  }
  // On one host that serves and loads, one line says it.
  const auto said = [&](const ConditionChange& change) {
    std::string_view property = change.key;
    return ConsumePrefix(kLoadRole, &property) &&
           std::any_of(changes.begin(), changes.end(), [&](const ConditionChange& other) {
             return other.key == absl::StrCat(std::string(kServerRole), std::string(property)) &&
                    other.before == change.before && other.after == change.after;
           });
  };
  std::vector<ConditionChange> once;
  std::copy_if(changes.begin(), changes.end(), std::back_inserter(once), std::not_fn(said));
  std::stable_partition(once.begin(), once.end(), [](const ConditionChange& change) {
    return change.of == ConditionChange::Of::kServer;
  });
  return once;
}

std::string_view ToText(ConditionChange::Of of) {
  switch (of) {
    case ConditionChange::Of::kServer:
      return "server";
    case ConditionChange::Of::kHosts:
      return "hosts";
    case ConditionChange::Of::kMeasurement:
      return "measurement";
  }
  return "";
}

std::string ToText(const ConditionChange& change) {
  const auto shown = [](const std::string& value) { return value.empty() ? "not known" : value; };
  return absl::StrCat(change.key, ": ", shown(change.before), " -> ", shown(change.after));
}

std::string ToText(absl::Span<const ConditionChange> changes) {
  return absl::StrJoin(changes, "; ", [](std::string* out, const ConditionChange& change) {
    absl::StrAppend(out, ToText(change));
  });
}

std::vector<ConditionChange> ChangesOfKind(absl::Span<const ConditionChange> changes,
                                           ConditionChange::Of of) {
  std::vector<ConditionChange> those;
  std::copy_if(changes.begin(), changes.end(), std::back_inserter(those),
               [of](const ConditionChange& change) { return change.of == of; });
  return those;
}

}  // namespace assay::controller

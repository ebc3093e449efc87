#include "controller/results/stored_cell.h"

#include <algorithm>
#include <array>
#include <functional>
#include <iterator>
#include <set>
#include <string_view>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "analysis/crc32c.h"
#include "common/status_macros.h"
#include "controller/plan/cells.h"
#include "controller/results/imported_results.h"
#include "proto/convert/execution_figures.h"
#include "proto/convert/histogram_proto.h"

namespace assay::controller {
namespace {

// What changes figures from one campaign to the next on one host. Left out are keys that change with every boot, and
// those that no server of a measurement depends on.
constexpr std::array<std::string_view, 17> kEnvironmentKeys = {
    "assay.build_id", "assay.version",   "cgroup.cpu_quota", "clock.source",   "cpu.governor",
    "cpu.microcode",  "cpu.mitigations", "cpu.model",        "cpu.online",     "cpu.smt",
    "cpu.turbo",      "kernel.cmdline",  "kernel.release",   "kernel.version", "library.glibc",
    "memory.thp",     "net.somaxconn",
};

// Conditions that must be equal for a comparison; the others are only reported.
constexpr std::array<std::string_view, 8> kComparableKeys = {
    "target",           "workload",       "load",        "design",
    "server cpu.model", "load cpu.model", "server CPUs", "load CPUs",
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
                          load.open().connections(), " connections");
    case Load::kCurve:
      return absl::StrCat(OpenLoop::Arrivals_Name(load.curve().arrivals()), " arrivals over ",
                          load.curve().connections(), " connections");
    default:
      return "closed loop";
  }
}

// The conditions that the campaign's record holds.
Conditions ConditionsOf(const CampaignRecord& campaign, const Cell& cell) {
  Conditions conditions;
  conditions["target"] = TargetText(TargetOfCell(campaign.plan(), cell));
  conditions["workload"] = WorkloadText(WorkloadOfCell(campaign.plan(), cell));
  conditions["load"] = LoadText(campaign.plan().load());
  for (const auto& [role, name] :
       {std::pair(JobId::SERVER, "server "), std::pair(JobId::LOAD, "load ")}) {
    std::map<std::string_view, std::set<std::string>> values;
    for (const AgentRecord& agent : campaign.agents()) {
      if (std::count(agent.roles().begin(), agent.roles().end(), role) == 0) continue;
      values["host"].insert(agent.description().host());
      for (const std::string_view key : kEnvironmentKeys) {
        const auto found = agent.description().environment().find(std::string(key));
        if (found != agent.description().environment().end()) values[key].insert(found->second);
      }
    }
    for (const auto& [key, all] : values)
      conditions[absl::StrCat(name, std::string(key))] = absl::StrJoin(all, " and ");
  }
  return conditions;
}

// A cell while its executions are read.
struct Reading {
  StoredCell stored;
  // Values of its executions, by key, each once.
  std::map<std::string, std::set<std::string>> conditions;

  // kDataLoss if the record, of a version without hashes, is damaged.
  absl::Status Add(const ExecutionRecord& record) {
    const absl::StatusOr<LatencyHistogram> latency = FromProto(record.latency());
    if (!latency.ok()) {
      return absl::DataLossError(absl::StrCat("execution ", record.id(), " of campaign ",
                                              stored.campaign,
                                              " is damaged: ", latency.status().message()));
    }
    stored.executions.push_back(FiguresOf(record, *latency));
    conditions["design"].insert(record.has_slots() ? "interleaved" : "sequential");
    if (record.has_server_ready()) {
      conditions["server version"].insert(record.server_ready().version());
      conditions["server build id"].insert(record.server_ready().build_id());
      conditions["server CPUs"].insert(record.server_ready().cpus());
    }
    for (const LoadRecord& load : record.loads())
      conditions["load CPUs"].insert(load.ready().cpus());
    stored.invalid = stored.invalid || std::any_of(record.gates().begin(), record.gates().end(),
                                                   [](const GateResult& gate) {
                                                     return gate.verdict() == GateResult::INVALID;
                                                   });
    return absl::OkStatus();
  }
};

}  // namespace

bool Comparable(const Conditions& a, const Conditions& b) {
  const auto of = [](const Conditions& conditions, std::string_view key) {
    const auto found = conditions.find(std::string(key));
    return found == conditions.end() ? std::string() : found->second;
  };
  return std::all_of(kComparableKeys.begin(), kComparableKeys.end(),
                     [&](std::string_view key) { return of(a, key) == of(b, key); });
}

std::vector<Cell> ComparableCells(const CampaignRecord& campaign) {
  if (IsImported(campaign)) return {};
  const std::vector<SkippedTarget> skipped(campaign.skipped().begin(), campaign.skipped().end());
  const SkippedCells skipped_cells(skipped);
  std::vector<Cell> cells = CellsOf(campaign.plan());
  cells.erase(std::remove_if(cells.begin(), cells.end(),
                             [&](const Cell& cell) {
                               return cell.profiled() || skipped_cells.Contains(cell);
                             }),
              cells.end());
  return cells;
}

absl::StatusOr<std::vector<StoredCell>> ReadStoredCells(Store& store,
                                                        const CampaignRecord& campaign,
                                                        absl::Span<const Cell> cells,
                                                        std::vector<absl::Status>* damaged) {
  std::vector<Reading> readings;
  absl::flat_hash_map<std::string, size_t> index;
  for (const Cell& cell : cells) {
    index[CellText(cell)] = readings.size();
    readings.push_back(
        {.stored = {.campaign = campaign.id(),
                    .label = campaign.label(),
                    .started_us = campaign.started_us(),
                    .cell = cell,
                    .fresh_starts = TargetOfCell(campaign.plan(), cell).url().empty(),
                    .executions = {},
                    .conditions = ConditionsOf(campaign, cell)}});
  }
  const auto take = [&](const ExecutionRecord& record) -> absl::Status {
    const auto found = index.find(CellText(record.cell()));
    if (found == index.end() || record.status() != ExecutionRecord::MEASURED) {
      return absl::OkStatus();
    }
    if (absl::Status status = readings[found->second].Add(record); !status.ok()) {
      damaged->push_back(std::move(status));
    }
    return absl::OkStatus();
  };
  ASSAY_RETURN_IF_ERROR(
      store.ForEachExecution(campaign.id(), take, damaged, Store::Order::kByCell));
  std::vector<StoredCell> stored;
  for (Reading& reading : readings) {
    for (const auto& [key, values] : reading.conditions) {
      reading.stored.conditions[key] = absl::StrJoin(values, " and ");
    }
    stored.push_back(std::move(reading.stored));
  }
  return stored;
}

absl::StatusOr<std::map<std::string, StoredCell>> FindComparable(
    Store& store, const CampaignRecord& campaign, absl::Span<const StoredCell> cells) {
  std::map<std::string, const StoredCell*> wanted;
  for (const StoredCell& cell : cells) wanted[CellText(cell.cell)] = &cell;
  std::map<std::string, StoredCell> found;
  ASSAY_ASSIGN_OR_RETURN(const std::vector<CampaignSummary> campaigns, store.ListCampaigns());
  for (const CampaignSummary& summary : campaigns) {
    if (wanted.empty()) break;
    if (summary.damaged || summary.started_us >= campaign.started_us()) continue;
    const absl::StatusOr<CampaignRecord> earlier = store.Find(summary.id);
    if (!earlier.ok()) continue;
    std::vector<Cell> candidates;
    for (Cell& cell : ComparableCells(*earlier)) {
      if (wanted.contains(CellText(cell))) candidates.push_back(std::move(cell));
    }
    if (candidates.empty()) continue;
    std::vector<absl::Status> damaged;
    ASSAY_ASSIGN_OR_RETURN(std::vector<StoredCell> stored,
                           ReadStoredCells(store, *earlier, candidates, &damaged));
    for (StoredCell& one : stored) {
      const auto wish = wanted.find(CellText(one.cell));
      if (one.executions.empty() || one.invalid ||
          !Comparable(one.conditions, wish->second->conditions)) {
        continue;
      }
      found.emplace(wish->first, std::move(one));
      wanted.erase(wish);
    }
  }
  return found;
}

std::vector<double> ValuesOf(const StoredCell& cell, const Metric& metric) {
  std::vector<double> values;
  for (const Figures& figures : cell.executions) {
    const std::optional<double> value = metric.of(figures);
    if (value.has_value()) values.push_back(*value);
  }
  return values;
}

std::vector<ConditionChange> ChangesOf(const Conditions& before, const Conditions& after) {
  std::vector<ConditionChange> changes;
  Conditions all = before;
  all.insert(after.begin(), after.end());
  for (const auto& [key, value] : all) {
    const auto from = before.find(key);
    const auto to = after.find(key);
    ConditionChange change{.key = key,
                           .before = from == before.end() ? "" : from->second,
                           .after = to == after.end() ? "" : to->second};
    if (change.before != change.after) changes.push_back(std::move(change));
  }
  // On one host that serves and loads, one line says it.
  const auto said = [&](const ConditionChange& change) {
    constexpr std::string_view kLoad = "load ";
    return change.key.starts_with(kLoad) &&
           std::any_of(changes.begin(), changes.end(), [&](const ConditionChange& other) {
             return other.key == absl::StrCat("server ", change.key.substr(kLoad.size())) &&
                    other.before == change.before && other.after == change.after;
           });
  };
  std::vector<ConditionChange> once;
  std::copy_if(changes.begin(), changes.end(), std::back_inserter(once), std::not_fn(said));
  return once;
}

}  // namespace assay::controller

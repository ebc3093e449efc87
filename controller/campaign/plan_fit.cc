#include "controller/campaign/plan_fit.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/cpu_set.h"
#include "common/load_limits.h"
#include "common/message_text.h"
#include "controller/plan/cells.h"
#include "controller/plan/load_levels.h"
#include "controller/plan/plan_rules.h"

namespace assay::controller {
namespace {

const TargetDescription* Known(const AgentDescription& agent, const std::string& name) {
  for (const TargetDescription& target : agent.targets()) {
    if (target.name() == name) return &target;
  }
  return nullptr;
}

void CheckTarget(const PlanTarget& target, const AgentPool& pool,
                 std::vector<std::string>& faults) {
  if (!target.url().empty()) return;
  const AgentDescription& agent = pool.server().description();
  const TargetDescription* known = Known(agent, target.name());
  if (known == nullptr) {
    std::vector<std::string> names;
    for (const TargetDescription& one : agent.targets()) names.push_back(one.name());
    faults.push_back(absl::StrCat("target '", target.name(), "' is not in the catalogue of agent ",
                                  pool.server().record.address(), "; its targets are ",
                                  absl::StrJoin(names, ", ")));
    return;
  }
  for (const auto& [option, value] : target.options()) {
    if (std::count(known->options().begin(), known->options().end(), option) > 0) continue;
    faults.push_back(
        absl::StrCat("target '", target.name(), "' has no option '", option, "'; its options are ",
                     known->options().empty() ? "none" : absl::StrJoin(known->options(), ", ")));
  }
}

// Whether a target cannot be alive together with others.
bool IsAlone(const PlanTarget& target, const AgentPool& pool) {
  if (!target.url().empty()) return false;
  const TargetDescription* known = Known(pool.server().description(), target.name());
  return known != nullptr && known->alone();
}

constexpr char kCannotBeTogether[] =
    "' cannot be alive together with other targets (`alone` in the agent's catalogue)";

// Whether the targets of an interleaved plan can be alive together.
void CheckTogether(const Plan& plan, const AgentPool& pool, std::vector<std::string>& faults) {
  if (plan.design() != Plan::INTERLEAVED) return;
  for (const PlanTarget& target : plan.targets()) {
    if (!IsAlone(target, pool)) continue;
    faults.push_back(absl::StrCat("target '", target.name(), kCannotBeTogether,
                                  "; set design: SEQUENTIAL, or remove the target"));
  }
}

void CheckCpus(const std::string& list, const char* field, const PoolMember& member,
               std::vector<std::string>& faults) {
  const absl::StatusOr<CpuSet> wanted = CpuSet::Parse(list);
  const absl::StatusOr<CpuSet> there = CpuSet::Parse(member.description().cpus());
  if (!wanted.ok() || !there.ok() || there->Includes(*wanted)) return;
  faults.push_back(absl::StrCat("placement.", field, ": agent ", member.record.address(),
                                " has the CPUs ", there->ToString(), ", not ", list));
}

void CheckConnections(const Plan& plan, const AgentPool& pool, std::vector<std::string>& faults) {
  const uint64_t agents = pool.loads().size();
  const std::string field = absl::StrCat("load.", LoadKindName(plan.load()), ".connections: ");
  for (const LoadLevel& level : LevelsOf(plan.load())) {
    const uint32_t connections = level.connections;
    if (connections < agents) {
      faults.push_back(absl::StrCat(field, connections, " cannot be split over ", agents,
                                    " load agents; use at least ", agents));
    }
    const uint64_t share = (connections + agents - 1) / agents;
    if (share > kMostAgentConnections) {
      faults.push_back(absl::StrCat(field, connections, " is ", share, " for each of ", agents,
                                    " load agents; one agent can open at most ",
                                    kMostAgentConnections,
                                    ", limited by the source ports of its address"));
    }
    for (const PoolMember* load : pool.loads()) {
      const uint64_t limit = load->description().file_descriptor_limit();
      if (limit == 0 || share + 64 <= limit) continue;
      faults.push_back(absl::StrCat(field, connections, " is more than agent ",
                                    load->record.address(), " may open: its limit is ", limit,
                                    " file descriptors; raise it with `ulimit -n`"));
    }
    // The levels of an open loop share their connections.
    if (level.rate_per_s > 0) break;
  }
}

void CheckRequests(const Plan& plan, const AgentPool& pool, std::vector<std::string>& faults) {
  const uint64_t requests = BoundOf(plan.load()).requests;
  const uint64_t agents = pool.loads().size();
  if (requests == 0 || requests >= agents) return;
  faults.push_back(absl::StrCat("load.closed.requests: ", requests, " cannot be split over ",
                                agents, " load agents; use at least ", agents));
}

// The reason why a target does not serve a workload; empty if it serves it.
std::string WhyNotServed(const TargetDescription& target, const Workload& workload) {
  const std::string path = workload.path().substr(0, workload.path().find('?'));
  const auto found = target.not_served().find(absl::StrCat(workload.method(), " ", path));
  return found == target.not_served().end() ? std::string() : found->second;
}

SkippedTarget Skip(const PlanTarget& target, const std::string& workload, std::string reason) {
  SkippedTarget skipped;
  skipped.set_target(target.label());
  skipped.set_workload(workload);
  skipped.set_reason(std::move(reason));
  return skipped;
}

}  // namespace

DefaultedPlan WithDefaultsFor(const Plan& plan, const AgentPool& pool) {
  DefaultedPlan defaulted = {WithDefaults(plan), ""};
  if (plan.design() != Plan::DESIGN_UNSPECIFIED || defaulted.plan.design() != Plan::INTERLEAVED) {
    return defaulted;
  }
  const auto alone = std::find_if(plan.targets().begin(), plan.targets().end(),
                                  [&](const PlanTarget& one) { return IsAlone(one, pool); });
  if (alone == plan.targets().end()) return defaulted;
  Plan sequential = plan;
  sequential.set_design(Plan::SEQUENTIAL);
  sequential.clear_interleave();
  defaulted.plan = WithDefaults(std::move(sequential));
  defaulted.why_sequential =
      absl::StrCat("target '", alone->name(), kCannotBeTogether,
                   ", so the targets are measured one after the other",
                   plan.has_interleave() ? "; `interleave` has no effect" : "");
  return defaulted;
}

absl::StatusOr<std::vector<SkippedTarget>> FitToAgents(const Plan& plan, const AgentPool& pool) {
  std::vector<std::string> faults;
  for (const PlanTarget& target : plan.targets()) CheckTarget(target, pool, faults);
  CheckCpus(plan.placement().server_cpus(), "server_cpus", pool.server(), faults);
  for (const PoolMember* load : pool.loads()) {
    CheckCpus(plan.placement().load_cpus(), "load_cpus", *load, faults);
  }
  CheckTogether(plan, pool, faults);
  CheckConnections(plan, pool, faults);
  CheckRequests(plan, pool, faults);
  if (!faults.empty()) return StatusOfLines(absl::StatusCode::kInvalidArgument, faults);

  std::vector<SkippedTarget> skipped;
  for (const PlanTarget& target : plan.targets()) {
    if (!target.url().empty()) continue;
    const TargetDescription& known = *Known(pool.server().description(), target.name());
    if (!known.installed()) {
      skipped.push_back(Skip(target, "", absl::StrCat("not installed: ", known.install())));
      continue;
    }
    for (const Workload& workload : plan.workloads()) {
      const std::string why = WhyNotServed(known, workload);
      if (!why.empty()) skipped.push_back(Skip(target, workload.name(), "not served: " + why));
    }
  }
  const std::vector<Cell> cells = CellsOf(plan);
  const SkippedCells skipped_cells(skipped);
  if (std::all_of(cells.begin(), cells.end(),
                  [&](const Cell& cell) { return skipped_cells.Contains(cell); })) {
    std::vector<std::string> reasons = {
        "nothing is left to measure, because every target is skipped:"};
    for (const SkippedTarget& one : skipped) {
      reasons.push_back(absl::StrCat("  ", one.target(), ": ", one.reason()));
    }
    return StatusOfLines(absl::StatusCode::kFailedPrecondition, reasons);
  }
  return skipped;
}

}  // namespace assay::controller

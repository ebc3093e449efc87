#include "controller/plan/verdict_family.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "analysis/comparison.h"
#include "common/number_text.h"
#include "controller/plan/load_levels.h"

namespace assay::controller {
namespace {

// nullptr if no target has the label.
const PlanTarget* FindTarget(const Plan& plan, const std::string& label) {
  for (const PlanTarget& target : plan.targets()) {
    if (target.label() == label) return &target;
  }
  return nullptr;
}

}  // namespace

bool IsSameServer(const PlanTarget& a, const PlanTarget& b) {
  const bool same_options =
      a.options().size() == b.options().size() &&
      std::all_of(a.options().begin(), a.options().end(), [&](const auto& option) {
        const auto found = b.options().find(option.first);
        return found != b.options().end() && found->second == option.second;
      });
  return same_options && a.name() == b.name() && a.url() == b.url() && a.http2() == b.http2() &&
         a.tls_server_name() == b.tls_server_name();
}

std::vector<const PlanTarget*> CandidatesOf(const Plan& plan) {
  const PlanTarget* const baseline = FindTarget(plan, plan.baseline());
  if (baseline == nullptr) return {};
  // A repeated candidate is a control too.
  std::vector<const PlanTarget*> servers = {baseline};
  for (const PlanTarget& target : plan.targets()) {
    const bool known = std::any_of(servers.begin(), servers.end(), [&](const PlanTarget* one) {
      return IsSameServer(target, *one);
    });
    if (!known) servers.push_back(&target);
  }
  servers.erase(servers.begin());
  return servers;
}

uint32_t VerdictFamilyOf(const Plan& plan) {
  return static_cast<uint32_t>(CandidatesOf(plan).size() *
                               static_cast<size_t>(plan.workloads_size()) *
                               LevelsOf(plan.load()).size());
}

Decidability DecidabilityOf(const Plan& plan) {
  Decidability result;
  if (plan.verdict() == Plan::NONE || plan.targets_size() < 2) return result;
  const bool any_is_started =
      std::any_of(plan.targets().begin(), plan.targets().end(),
                  [](const PlanTarget& target) { return target.url().empty(); });
  // Taking turns, two running servers can be compared: the pairs are slots, and the claim is about these processes.
  if (!any_is_started && plan.design() != Plan::INTERLEAVED) {
    result.why_not =
        "it names all servers by URL, so the blocks of each server are windows of one process, "
        "which are not independent; name a server that an agent starts";
    return result;
  }
  result.comparisons = VerdictFamilyOf(plan);
  // Targets that are all the same are compared as a control.
  const ComparisonRules rules{.family = std::max(1U, result.comparisons)};
  result.blocks_needed = BlocksForAnyVerdict(rules);
  if (plan.blocks() >= result.blocks_needed) return result;
  result.why_not = absl::StrCat("it has ", CountText(plan.blocks(), "block"), ", and a verdict on ",
                                CountText(rules.family, "comparison"), " needs at least ",
                                result.blocks_needed, "; add --set blocks=", result.blocks_needed);
  const uint32_t fewer = BlocksForAnyVerdict(ComparisonRules{.family = 1});
  if (rules.family > 1 && plan.blocks() >= fewer) {
    absl::StrAppend(&*result.why_not,
                    ", or compare fewer levels, workloads or targets: each comparison widens the "
                    "intervals of all");
  }
  return result;
}

}  // namespace assay::controller

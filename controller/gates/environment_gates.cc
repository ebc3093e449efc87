#include "controller/gates/environment_gates.h"

#include <algorithm>
#include <set>
#include <string_view>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "controller/gates/gate_keeper.h"
#include "controller/gates/same_host.h"

namespace assay::controller {
namespace {

// Sources that user space reads without a system call.
constexpr std::string_view kFastClockSources[] = {"tsc", "kvm-clock", "arch_sys_counter",
                                                  "hyperv_clocksource_tsc_page"};

// Not properties of a host that a result depends on: identities, and readings of one moment.
constexpr std::string_view kIncomparable[] = {
    "cpu.time_s", "disk.data_free", "kernel.boot_id", "memory.available", "memory.swap_free",
};

constexpr std::string_view kDecisive[] = {"cpu.governor", "cpu.model", "kernel.release"};

// The value if the agent reported the key, readable or not.
std::optional<std::string> Reported(const AgentDescription& description, const std::string& key) {
  const auto found = description.environment().find(key);
  if (found == description.environment().end()) return std::nullopt;
  return found->second;
}

// One description per host.
std::vector<const AgentRecord*> HostsOf(const std::vector<const AgentRecord*>& agents) {
  std::vector<const AgentRecord*> hosts;
  for (const AgentRecord* agent : agents) {
    const bool known = std::any_of(hosts.begin(), hosts.end(), [&](const AgentRecord* host) {
      return OnSameHost(host->description(), agent->description());
    });
    if (!known) hosts.push_back(agent);
  }
  return hosts;
}

// The number of hosts with a bad value, of at least one host. Not set if any host's value is not known.
template <typename IsBad>
std::optional<double> CountBad(const std::vector<const AgentRecord*>& hosts, const char* key,
                               const IsBad& is_bad) {
  int bad = 0;
  for (const AgentRecord* host : hosts) {
    const std::optional<std::string> value = EnvironmentValue(host->description(), key);
    if (!value.has_value()) return std::nullopt;
    bad += is_bad(*value) ? 1 : 0;
  }
  return bad;
}

}  // namespace

std::optional<std::string> EnvironmentValue(const AgentDescription& description,
                                            const std::string& key) {
  std::optional<std::string> value = Reported(description, key);
  if (value.has_value() && absl::StartsWith(*value, "unreadable: ")) value.reset();
  return value;
}

bool IsSlowClockSource(const std::string& source) {
  return std::find(std::begin(kFastClockSources), std::end(kFastClockSources), source) ==
         std::end(kFastClockSources);
}

bool IsPerformanceGovernor(const std::string& governors) { return governors == "performance"; }

bool IsHostProperty(std::string_view key) {
  return std::find(std::begin(kIncomparable), std::end(kIncomparable), key) ==
         std::end(kIncomparable);
}

absl::Span<const std::string_view> DecisiveHostProperties() { return kDecisive; }

std::vector<std::string> EnvironmentDifferences(const AgentDescription& a,
                                                const AgentDescription& b) {
  std::set<std::string> keys;
  for (const auto& [key, value] : a.environment()) {
    if (IsHostProperty(key)) keys.insert(key);
  }
  std::vector<std::string> differences;
  for (const std::string& key : keys) {
    const std::optional<std::string> first = Reported(a, key);
    const std::optional<std::string> second = Reported(b, key);
    // A key that one agent's version does not report is not a difference of the hosts.
    if (first.has_value() && second.has_value() && *first != *second) differences.push_back(key);
  }
  return differences;
}

std::vector<GateResult> JudgeEnvironment(const GateRules& rules, const Plan& plan,
                                         const std::vector<const AgentRecord*>& agents) {
  if (agents.empty()) return {};
  const std::vector<const AgentRecord*> hosts = HostsOf(agents);
  std::vector<GateResult> results = {
      JudgeCampaignFigure(rules, plan, "clock_source",
                          CountBad(hosts, "clock.source", IsSlowClockSource), "campaign"),
      JudgeCampaignFigure(
          rules, plan, "frequency_governor",
          CountBad(hosts, "cpu.governor",
                   [](const std::string& governors) { return !IsPerformanceGovernor(governors); }),
          "campaign"),
  };
  std::vector<const AgentRecord*> loads;
  for (const AgentRecord* agent : agents) {
    if (std::count(agent->roles().begin(), agent->roles().end(), JobId::LOAD) > 0) {
      loads.push_back(agent);
    }
  }
  if (loads.size() < 2) return results;
  std::set<std::string> differing;
  for (const AgentRecord* load : loads) {
    const std::vector<std::string> keys =
        EnvironmentDifferences(loads.front()->description(), load->description());
    differing.insert(keys.begin(), keys.end());
  }
  results.push_back(JudgeCampaignFigure(
      rules, plan, "environment_differs", static_cast<double>(differing.size()),
      differing.empty() ? "load agents"
                        : absl::StrCat("load agents: ", absl::StrJoin(differing, ", "))));
  return results;
}

}  // namespace assay::controller

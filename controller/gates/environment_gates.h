#ifndef ASSAY_CONTROLLER_GATES_ENVIRONMENT_GATES_H_
#define ASSAY_CONTROLLER_GATES_ENVIRONMENT_GATES_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/types/span.h"
#include "analysis/gates.h"
#include "proto/agent.pb.h"
#include "proto/plan.pb.h"
#include "proto/results.pb.h"

namespace assay::controller {

// The value of a key of AgentDescription.environment. Not set if the agent did not report it or could not read it.
std::optional<std::string> EnvironmentValue(const AgentDescription& description,
                                            const std::string& key);

// Whether reading this clock source costs a system call or more.
bool IsSlowClockSource(const std::string& source);
// Whether every CPU has the frequency governor `performance`.
bool IsPerformanceGovernor(const std::string& governors);

// Whether a key of the environment is a property on which a result may depend. Otherwise it differs between any two hosts
// or any two moments: boot ID, free memory, CPU time since boot. Everything that compares environments asks this.
bool IsHostProperty(std::string_view key);

// The properties without which figures of two hosts, or of one host at two times, are not comparable at all. In
// alphabetical order.
absl::Span<const std::string_view> DecisiveHostProperties();

// The properties that differ between two hosts, in alphabetical order. A key that one of the agents does not report is
// left out.
std::vector<std::string> EnvironmentDifferences(const AgentDescription& a,
                                                const AgentDescription& b);

// The gates of a campaign's hosts: clock_source, frequency_governor and, if several agents send the load,
// environment_differs. None without agents.
std::vector<GateResult> JudgeEnvironment(const GateRules& rules, const Plan& plan,
                                         const std::vector<const AgentRecord*>& agents);

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_GATES_ENVIRONMENT_GATES_H_

#ifndef ASSAY_CONTROLLER_GATES_HOST_DIAGNOSIS_H_
#define ASSAY_CONTROLLER_GATES_HOST_DIAGNOSIS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/types/span.h"
#include "analysis/gates.h"
#include "proto/agent.pb.h"
#include "proto/results.pb.h"

namespace assay::controller {

// What on a host will spoil a measurement or a profile, from descriptions that its agent gave of it. Nothing here
// connects to anything.

enum class Health {
  kOk,
  // Some results will be worse.
  kWarn,
  // Most results will be invalid, or cannot be measured.
  kBad,
  // The host does not report it. This is never good.
  kUnknown,
};
// "ok", "warn", "bad" or "unknown".
std::string ToString(Health health);

struct HostFinding {
  // Address of the agent; "controller" for the host of this program.
  std::string agent;
  // A name in lower case, such as "clock_source".
  std::string check;
  Health health = Health::kUnknown;
  // The figure with its unit, or why there is none.
  std::string figure;
  // What to change. Empty for kOk.
  std::string remedy;
};

// What one agent reported.
struct HostReadings {
  // Its record of the connection, with the first description.
  AgentRecord agent;
  // A description of about a second later, for figures of this moment.
  AgentDescription later;
  // Whether this agent runs both server and load.
  bool runs_both = true;
};

// One finding per check and host, in the order of the checks. The limits of foreign and stolen CPU time are those of the
// gates `foreign_cpu` and `steal`.
std::vector<HostFinding> DiagnoseHost(const HostReadings& readings, const GateRules& rules,
                                      const std::string& controller_version);

// Findings about all agents together: whether the hosts of the load are equal. Empty with fewer than two load agents.
std::vector<HostFinding> DiagnoseTogether(absl::Span<const HostReadings> loads);

// The finding about the disk with the controller's store. `free_kb` < 0: not known, for the reason `problem`.
HostFinding DiagnoseStore(const std::string& path, int64_t free_kb, const std::string& problem);

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_GATES_HOST_DIAGNOSIS_H_

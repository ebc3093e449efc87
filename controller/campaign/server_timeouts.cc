#include "controller/campaign/server_timeouts.h"

#include <algorithm>
#include <cstdint>

namespace assay::controller {
namespace {

// Time for everything else on a busy host. Also sufficient for agents that do not report the timeouts of their targets.
constexpr absl::Duration kReadySlack = absl::Seconds(90);
constexpr absl::Duration kCloseSlack = absl::Seconds(20);
// The longest timeout that a catalogue allows.
constexpr uint32_t kLongestMs = 3'600'000;

TargetDescription Find(const AgentDescription& agent, const std::string& name) {
  for (const TargetDescription& target : agent.targets()) {
    if (target.name() == name) return target;
  }
  return TargetDescription();
}

absl::Duration Bounded(uint32_t ms) { return absl::Milliseconds(std::min(ms, kLongestMs)); }

}  // namespace

absl::Duration ReadyTimeout(const AgentDescription& agent, const std::string& target) {
  return Bounded(Find(agent, target).ready_timeout_ms()) + kReadySlack;
}

absl::Duration CloseTimeout(const AgentDescription& agent, const std::string& target) {
  return Bounded(Find(agent, target).stop_timeout_ms()) + kCloseSlack;
}

}  // namespace assay::controller

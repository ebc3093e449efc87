#include "controller/campaign/server_timeouts.h"

#include <algorithm>
#include <cstdint>

namespace assay::controller {
namespace {

// What everything else takes on a busy host. Enough for the targets of an agent that does not tell their times.
constexpr absl::Duration kReadySlack = absl::Seconds(90);
constexpr absl::Duration kCloseSlack = absl::Seconds(20);
// The longest that a catalogue allows.
constexpr uint32_t kLongestMs = 3'600'000;

TargetDescription Find(const AgentDescription& agent, const std::string& name) {
  for (const TargetDescription& target : agent.targets()) {
    if (target.name() == name) return target;
  }
  return TargetDescription();
}

absl::Duration Told(uint32_t ms) { return absl::Milliseconds(std::min(ms, kLongestMs)); }

}  // namespace

absl::Duration ReadyTimeout(const AgentDescription& agent, const std::string& target) {
  return Told(Find(agent, target).ready_timeout_ms()) + kReadySlack;
}

absl::Duration CloseTimeout(const AgentDescription& agent, const std::string& target) {
  return Told(Find(agent, target).stop_timeout_ms()) + kCloseSlack;
}

}  // namespace assay::controller

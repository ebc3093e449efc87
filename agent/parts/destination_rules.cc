#include "agent/parts/destination_rules.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/status_macros.h"

namespace assay {

DestinationRules::DestinationRules(std::vector<Cidr> allowed, Confirm confirm)
    : allowed_(std::move(allowed)), confirm_(std::move(confirm)) {}

absl::StatusOr<HostPort> DestinationRules::Admit(const std::string& destination,
                                                 const std::string& agent,
                                                 const std::string& execution_id) const {
  ASSAY_ASSIGN_OR_RETURN(const HostPort asked, HostPort::Parse(destination));
  if (asked.port == 0) {
    return absl::InvalidArgumentError(absl::StrCat("destination ", destination, " has port 0"));
  }
  ASSAY_ASSIGN_OR_RETURN(const std::vector<IpAddress> addresses, IpAddress::Resolve(asked.host));
  std::vector<HostPort> admitted;
  absl::Status refused;
  for (const IpAddress& address : addresses) {
    const HostPort numeric{address.ToString(), asked.port};
    const absl::Status allowed = Allow(numeric, address, agent, execution_id);
    if (allowed.ok()) admitted.push_back(numeric);
    if (refused.ok()) refused = allowed;
  }
  if (admitted.empty()) return refused;
  // A name such as localhost is ::1 and 127.0.0.1, and servers often listen on one of them only.
  if (admitted.size() > 1) {
    for (const HostPort& one : admitted) {
      if (AcceptsConnections(one)) return one;
    }
  }
  return admitted.front();
}

absl::Status DestinationRules::Allow(const HostPort& destination, const IpAddress& address,
                                     const std::string& agent,
                                     const std::string& execution_id) const {
  if (address.IsLoopback()) return absl::OkStatus();
  const auto allows = [&address](const Cidr& network) { return network.Contains(address); };
  if (std::any_of(allowed_.begin(), allowed_.end(), allows)) return absl::OkStatus();
  return AskAgent(destination, address, agent, execution_id);
}

absl::Status DestinationRules::AskAgent(const HostPort& destination, const IpAddress& address,
                                        const std::string& agent,
                                        const std::string& execution_id) const {
  const std::string remedy =
      absl::StrCat("; start this agent with --allow-destination=", address.ToString(),
                   " to load it all the same");
  if (agent.empty()) {
    return absl::PermissionDeniedError(absl::StrCat(
        destination.ToString(),
        " may not be loaded: it is beyond loopback, and no agent there serves this execution",
        remedy));
  }
  ASSAY_ASSIGN_OR_RETURN(const HostPort agent_address, HostPort::Parse(agent));
  ASSAY_ASSIGN_OR_RETURN(const std::vector<IpAddress> homes,
                         IpAddress::Resolve(agent_address.host));
  if (std::find(homes.begin(), homes.end(), address) == homes.end()) {
    return absl::PermissionDeniedError(
        absl::StrCat(destination.ToString(), " may not be loaded: the agent ", agent,
                     " is on another address and cannot vouch for it", remedy));
  }
  const absl::StatusOr<bool> confirmed = confirm_(agent, execution_id, destination.ToString());
  if (!confirmed.ok()) {
    return absl::PermissionDeniedError(
        absl::StrCat(destination.ToString(), " may not be loaded: the agent ", agent,
                     " did not confirm it: ", confirmed.status().message(), remedy));
  }
  if (!*confirmed) {
    return absl::PermissionDeniedError(
        absl::StrCat(destination.ToString(), " may not be loaded: the agent ", agent,
                     " does not serve this execution there", remedy));
  }
  return absl::OkStatus();
}

}  // namespace assay

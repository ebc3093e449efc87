#include "agent/jobs/destination_rules.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/status_macros.h"

namespace assay::agent {

namespace {

// Ports that take a privilege to listen on: what an unprivileged agent says of them proves nothing.
constexpr uint16_t kFirstUnprivilegedPort = 1024;

absl::Status CheckNamesOneHost(const HostPort& destination, const IpAddress& address) {
  if (address.IsWildcard()) {
    return absl::InvalidArgumentError(
        absl::StrCat("destination ", destination.ToString(), ": ", address.ToString(),
                     " names no host; give the address that the server is reached at"));
  }
  if (address.IsLinkLocalV6()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "destination ", destination.ToString(), ": the link-local address ", address.ToString(),
        " names a different host on each interface; give a global "
        "or private address"));
  }
  return absl::OkStatus();
}

// Which host a result is about must not depend on which address comes first.
absl::Status CheckNotBothHereAndElsewhere(const HostPort& destination,
                                          const std::vector<IpAddress>& addresses) {
  const auto is_loopback = [](const IpAddress& one) { return one.IsLoopback(); };
  const auto here = std::find_if(addresses.begin(), addresses.end(), is_loopback);
  const auto elsewhere = std::find_if_not(addresses.begin(), addresses.end(), is_loopback);
  if (here == addresses.end() || elsewhere == addresses.end()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      "destination ", destination.ToString(), ": ", destination.host, " is both ", here->ToString(),
      " and ", elsewhere->ToString(), "; give the one that you mean as a number"));
}

}  // namespace

DestinationRules::DestinationRules(std::vector<Cidr> allowed, Confirm confirm, Resolve resolve)
    : allowed_(std::move(allowed)), confirm_(std::move(confirm)), resolve_(std::move(resolve)) {}

absl::StatusOr<HostPort> DestinationRules::Admit(const std::string& destination,
                                                 const std::string& agent,
                                                 const std::string& execution_id) const {
  ASSAY_ASSIGN_OR_RETURN(const HostPort asked, HostPort::Parse(destination));
  if (asked.port == 0) {
    return absl::InvalidArgumentError(absl::StrCat("destination ", destination, " has port 0"));
  }
  ASSAY_ASSIGN_OR_RETURN(const std::vector<IpAddress> addresses, resolve_(asked.host));
  ASSAY_RETURN_IF_ERROR(CheckNotBothHereAndElsewhere(asked, addresses));
  std::vector<HostPort> admitted;
  absl::Status refused;
  for (size_t i = 0; i < std::min(addresses.size(), kMostAddresses); ++i) {
    const IpAddress& address = addresses[i];
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
  ASSAY_RETURN_IF_ERROR(CheckNamesOneHost(destination, address));
  if (address.IsLoopback()) return absl::OkStatus();
  const auto allows = [&address](const Cidr& network) { return network.Contains(address); };
  if (std::any_of(allowed_.begin(), allowed_.end(), allows)) return absl::OkStatus();
  return AskAgent(destination, address, agent, execution_id);
}

absl::Status DestinationRules::AskAgent(const HostPort& destination, const IpAddress& address,
                                        const std::string& agent,
                                        const std::string& execution_id) const {
  const auto refuse = [&](auto... why) {
    return absl::PermissionDeniedError(
        absl::StrCat(destination.ToString(), " may not be loaded: ", why...,
                     "; start this agent with --allow-destination=", address.ToString(),
                     " to load it all the same"));
  };
  if (agent.empty()) {
    return refuse("it is beyond loopback, and no agent there serves this execution");
  }
  if (destination.port < kFirstUnprivilegedPort) {
    return refuse("no agent can confirm a port below ", kFirstUnprivilegedPort);
  }
  ASSAY_ASSIGN_OR_RETURN(const HostPort named, HostPort::Parse(agent));
  ASSAY_ASSIGN_OR_RETURN(const std::vector<IpAddress> homes, resolve_(named.host));
  if (std::find(homes.begin(), homes.end(), address) == homes.end()) {
    return refuse("the agent ", agent, " is on another address and cannot confirm it");
  }
  const absl::StatusOr<bool> confirmed = confirm_({.agent = {address.ToString(), named.port},
                                                   .agent_name = named.host,
                                                   .execution_id = execution_id,
                                                   .destination = destination});
  if (!confirmed.ok()) {
    // The code alone: the text is the peer's, who may be anybody, and the caller need not be able to reach that peer.
    return refuse("the agent ", agent, ", asked at ", address.ToString(), ", did not confirm it (",
                  absl::StatusCodeToString(confirmed.status().code()), ")");
  }
  if (!*confirmed) return refuse("the agent ", agent, " does not serve this execution there");
  return absl::OkStatus();
}

}  // namespace assay::agent

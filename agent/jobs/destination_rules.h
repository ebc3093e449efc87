#ifndef ASSAY_AGENT_JOBS_DESTINATION_RULES_H_
#define ASSAY_AGENT_JOBS_DESTINATION_RULES_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "agent/jobs/address.h"

namespace assay::agent {

// Where an agent may send its load: an agent that anybody may talk into loading anything would be a weapon.
//
// Allowed are loopback, the networks of --allow-destination, and an address whose own agent says that it serves the
// same execution there. That agent is asked at the very address that is loaded, by number: an agent that could be
// anywhere could confirm anything, and a name may resolve to the stranger for the check and to the accomplice for the
// question. Nothing that it says but yes or no reaches the caller. Ports below 1024 belong to a host's administrator:
// beyond loopback, only --allow-destination opens them.
class DestinationRules {
 public:
  static constexpr size_t kMostAddresses = 8;

  // A question to another agent.
  struct Question {
    // Where to ask: numeric.
    HostPort agent;
    // The host that the caller named the agent by: with TLS, its certificate must be for this name.
    std::string agent_name;
    std::string execution_id;
    // Numeric.
    HostPort destination;
  };
  // Asks it; blocks. An error: there was no response.
  using Confirm = std::function<absl::StatusOr<bool>(const Question&)>;
  // IpAddress::Resolve(), or a test's.
  using Resolve = std::function<absl::StatusOr<std::vector<IpAddress>>(const std::string& host)>;

  DestinationRules(std::vector<Cidr> allowed, Confirm confirm,
                   Resolve resolve = IpAddress::Resolve);

  // The numeric address that may be loaded: `destination` resolved, once, so that a name cannot change its mind
  // between the question and the load; of several, one that accepts connections now. Blocks for the resolver and the
  // other agent.
  // Looks at the first kMostAddresses of a name only: each question takes its time.
  // kInvalidArgument (also an address that names no single host: 0.0.0.0, ::, fe80::1, or a name for both this host
  // and another), kNotFound (a name), kPermissionDenied: says what would allow it.
  absl::StatusOr<HostPort> Admit(const std::string& destination, const std::string& agent,
                                 const std::string& execution_id) const;

 private:
  absl::Status Allow(const HostPort& destination, const IpAddress& address,
                     const std::string& agent, const std::string& execution_id) const;
  absl::Status AskAgent(const HostPort& destination, const IpAddress& address,
                        const std::string& agent, const std::string& execution_id) const;

  const std::vector<Cidr> allowed_;
  const Confirm confirm_;
  const Resolve resolve_;
};

}  // namespace assay::agent

#endif  // ASSAY_AGENT_JOBS_DESTINATION_RULES_H_

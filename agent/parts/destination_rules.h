#ifndef ASSAY_AGENT_PARTS_DESTINATION_RULES_H_
#define ASSAY_AGENT_PARTS_DESTINATION_RULES_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "agent/parts/address.h"

namespace assay {

// Where an agent may send its load: an agent that anybody may talk into loading anything would be a weapon.
//
// Allowed are loopback, the networks of --allow-destination, and an address whose own agent says that it serves the
// same execution there. That agent must stand on the very address that is loaded: one that could be anywhere could
// confirm anything.
class DestinationRules {
 public:
  // Asks the agent at `agent` whether it serves `execution_id` at `destination`; blocks. An error: it did not answer.
  using Confirm = std::function<absl::StatusOr<bool>(
      const std::string& agent, const std::string& execution_id, const std::string& destination)>;

  DestinationRules(std::vector<Cidr> allowed, Confirm confirm);

  // The numeric address that may be loaded: `destination` resolved, once, so that a name cannot change its mind
  // between the question and the load; of several, one that accepts connections now. Blocks for the resolver and the
  // other agent.
  // kInvalidArgument, kNotFound (a name), kPermissionDenied: says what would allow it.
  absl::StatusOr<HostPort> Admit(const std::string& destination, const std::string& agent,
                                 const std::string& execution_id) const;

 private:
  absl::Status Allow(const HostPort& destination, const IpAddress& address,
                     const std::string& agent, const std::string& execution_id) const;
  absl::Status AskAgent(const HostPort& destination, const IpAddress& address,
                        const std::string& agent, const std::string& execution_id) const;

  const std::vector<Cidr> allowed_;
  const Confirm confirm_;
};

}  // namespace assay

#endif  // ASSAY_AGENT_PARTS_DESTINATION_RULES_H_

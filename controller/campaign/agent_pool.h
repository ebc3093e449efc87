#ifndef ASSAY_CONTROLLER_CAMPAIGN_AGENT_POOL_H_
#define ASSAY_CONTROLLER_CAMPAIGN_AGENT_POOL_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/monotonic_clock.h"
#include "controller/campaign/interruption.h"
#include "controller/campaign/local_agent.h"
#include "controller/clients/agent_client.h"
#include "proto/results.pb.h"

namespace assay::controller {

// How results call the agent that was started for a command.
inline constexpr char kLocalAddress[] = "local";

// How long an agent may take to describe itself: it runs the version commands of its targets, which takes seconds on a
// busy host.
inline constexpr absl::Duration kDescribeTimeout = absl::Seconds(20);

// One agent that takes part.
struct PoolMember {
  std::unique_ptr<AgentClient> client;
  // What is stored of it with the campaign.
  AgentRecord record;

  const AgentDescription& description() const { return record.description(); }
};

// The agents of one command, and who does what: alone, an agent serves and loads; of several, the
// first serves and the others load.
class AgentPool {
 public:
  // Reaches all agents at once, asks each what it is and estimates its clock. No addresses: starts
  // an agent on this host for as long as the pool lives. `interruption`, where it is given, ends
  // that at once with its status.
  //
  // `clock` measures what waits for these agents' jobs; it must outlive the pool.
  //
  // An error has a line for each agent that is not met: INVALID_ARGUMENT where an address or a file
  // of `tls` is wrong, else UNAVAILABLE.
  static absl::StatusOr<std::unique_ptr<AgentPool>> Connect(
      const std::vector<std::string>& addresses, const TlsFiles& tls,
      Interruption* interruption = nullptr, Clock& clock = Clock::Real());

  Clock& clock() const { return clock_; }
  PoolMember& server() { return members_.front(); }
  const PoolMember& server() const { return members_.front(); }
  // At least one.
  std::vector<PoolMember*> loads();
  std::vector<const PoolMember*> loads() const;
  const std::vector<PoolMember>& members() const { return members_; }

  // Whether any load agent stands on the server's host.
  bool SharesHost() const;

 private:
  explicit AgentPool(Clock& clock) : clock_(clock) {}

  Clock& clock_;
  std::unique_ptr<LocalAgent> local_;
  std::vector<PoolMember> members_;
};

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_CAMPAIGN_AGENT_POOL_H_

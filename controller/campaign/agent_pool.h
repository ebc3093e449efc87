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

// The address of a command's own local agent in results.
inline constexpr char kLocalAddress[] = "local";

// Timeout of Describe. The agent runs the version commands of its targets, which takes seconds on a busy host.
inline constexpr absl::Duration kDescribeTimeout = absl::Seconds(20);

// One agent of the pool.
struct PoolMember {
  std::unique_ptr<AgentClient> client;
  // The agent's record, which is stored with the campaign.
  AgentRecord record;

  const AgentDescription& description() const { return record.description(); }
};

// The agents of one command and their roles. A single agent runs the server and sends the load. Of
// several agents, the first runs the server and the others send the load.
class AgentPool {
 public:
  // Connects to all agents in parallel, reads their descriptions and estimates their clocks. Without
  // addresses, it starts an agent on this host that lives as long as the pool. If `interruption` is
  // given, its request ends the call at once with its status.
  //
  // `clock` measures timeouts and leases of these agents' jobs; it must outlive the pool.
  //
  // An error has one line for each agent that failed. It is INVALID_ARGUMENT if an address or a file
  // of `tls` is invalid, else UNAVAILABLE.
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

  // Whether any load agent runs on the server's host.
  bool SharesHost() const;

 private:
  explicit AgentPool(Clock& clock) : clock_(clock) {}

  Clock& clock_;
  std::unique_ptr<LocalAgent> local_;
  std::vector<PoolMember> members_;
};

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_CAMPAIGN_AGENT_POOL_H_

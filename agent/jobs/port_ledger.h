#ifndef ASSAY_AGENT_JOBS_PORT_LEDGER_H_
#define ASSAY_AGENT_JOBS_PORT_LEDGER_H_

#include <cstdint>
#include <functional>
#include <set>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"

namespace assay::agent {

// The ports of this agent's servers, from before a server listens until it has ended.
//
// The system only knows of a port once its server listens. Servers of one group start at the same time, and two of them
// that set SO_REUSEPORT would share a port, and the load, without an error.
//
// Threads: any.
class PortLedger {
 public:
  // Finds a port of a host on which nobody listens: FreePort() of agent/jobs/address.h, or a test's.
  using Find = std::function<absl::StatusOr<uint16_t>(const std::string& host)>;

  PortLedger();
  explicit PortLedger(Find find);

  // A port of `host` (numeric) that nobody listens on and no other server has. Errors as FreePort().
  absl::StatusOr<uint16_t> TakeFree(const std::string& host);
  // kAlreadyExists: in use, or another server of this agent is about to listen there. Other errors as CanListen().
  absl::Status Take(const std::string& host, uint16_t port);
  // Harmless for a port that is not taken.
  void Return(uint16_t port);

 private:
  const Find find_;
  absl::Mutex mutex_;
  // Whatever the host: a server may listen on all addresses.
  std::set<uint16_t> taken_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace assay::agent

#endif  // ASSAY_AGENT_JOBS_PORT_LEDGER_H_

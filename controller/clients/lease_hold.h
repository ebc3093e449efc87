#ifndef ASSAY_CONTROLLER_CLIENTS_LEASE_HOLD_H_
#define ASSAY_CONTROLLER_CLIENTS_LEASE_HOLD_H_

#include <cstdint>
#include <functional>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/monotonic_clock.h"
#include "controller/clients/agent_client.h"
#include "proto/agent.pb.h"

namespace assay::controller {

// Holds the lease of one job: renews it three times in its length, over a stream that is attached again when it breaks.
//
// A host that vanishes breaks no stream, and what it no longer grants may stand unanswered for ever. So a lease that was
// granted last a whole length ago is lost: the agent, if it is there, has ended the job by then.
//
// Threads: two of its own, asleep but for a renewal.
class LeaseHold {
 public:
  // From the grant that Open implies. `lost` is called once, on a thread of its own, unless End() comes first; it must
  // not destroy this. `client` must outlive it.
  LeaseHold(AgentClient& client, const JobId& job, absl::Duration length,
            std::function<void()> lost);
  // Waits for a call of `lost` that runs.
  ~LeaseHold();
  LeaseHold(const LeaseHold&) = delete;
  LeaseHold& operator=(const LeaseHold&) = delete;

  // Renews no more. Does not wait.
  void End() ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  void Renew() ABSL_LOCKS_EXCLUDED(mutex_);
  void Watch() ABSL_LOCKS_EXCLUDED(mutex_);
  void EndLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  AgentClient& client_;
  Clock& clock_;
  const JobId job_;
  const absl::Duration length_;
  const std::function<void()> lost_;

  absl::Mutex mutex_;
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
  // On the client's clock: a length after the last question that was granted.
  int64_t held_until_ns_ ABSL_GUARDED_BY(mutex_) = 0;
  grpc::ClientContext* context_ ABSL_GUARDED_BY(mutex_) = nullptr;

  std::thread renewer_;
  std::thread watcher_;
};

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_CLIENTS_LEASE_HOLD_H_

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

// Holds the lease of one job. Sends a renewal every third of the lease, over a stream that is attached again when it
// breaks.
//
// A host that disappears does not break the stream, so a renewal may wait for its grant forever. Therefore the lease is
// lost when the last granted renewal was sent a whole lease ago. By then the agent has ended the job.
//
// Threads: two of its own, which sleep between renewals.
class LeaseHold {
 public:
  // The lease starts now: Open grants it. Calls `lost` once when the lease is lost, on a thread of this object, unless
  // End() is called first. `lost` must not destroy this object. `client` must outlive it.
  LeaseHold(AgentClient& client, const JobId& job, absl::Duration length,
            std::function<void()> lost);
  // Waits for a running call of `lost`.
  ~LeaseHold();
  LeaseHold(const LeaseHold&) = delete;
  LeaseHold& operator=(const LeaseHold&) = delete;

  // Stops the renewals. Does not wait.
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
  // The end of the lease, on the client's clock: one length after the last granted renewal was sent.
  int64_t held_until_ns_ ABSL_GUARDED_BY(mutex_) = 0;
  grpc::ClientContext* context_ ABSL_GUARDED_BY(mutex_) = nullptr;

  std::thread renewer_;
  std::thread watcher_;
};

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_CLIENTS_LEASE_HOLD_H_

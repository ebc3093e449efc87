#ifndef ASSAY_AGENT_SERVICE_LEASE_STREAM_H_
#define ASSAY_AGENT_SERVICE_LEASE_STREAM_H_

#include <memory>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "agent/jobs/job_table.h"
#include "agent/service/stream_bounds.h"
#include "grpcpp/support/server_callback.h"
#include "proto/agent.pb.h"

namespace assay::agent {

// Renews leases, with one grant for each renewal. One stream may hold the leases of several jobs. A job that does not
// exist (any more) is granted 0 ms and does not end the stream. Ends with DEADLINE_EXCEEDED if it receives no renewal
// for the length of the last renewed lease plus a margin, and with RESOURCE_EXHAUSTED if there are too many streams
// (see StreamBounds). Deletes itself.
class LeaseStream final : public grpc::ServerBidiReactor<LeaseRenewal, LeaseGrant> {
 public:
  LeaseStream(std::shared_ptr<JobTable> jobs, StreamBounds& bounds);

 private:
  // Reads and writes alternate. Only the end may come at any time.
  void OnReadDone(bool ok) override;
  void OnWriteDone(bool ok) override;
  void OnDone() override;

  void End(const grpc::Status& status) ABSL_LOCKS_EXCLUDED(mutex_);

  const std::shared_ptr<JobTable> jobs_;
  LeaseRenewal renewal_;
  LeaseGrant grant_;
  absl::Mutex mutex_;
  bool finished_ ABSL_GUARDED_BY(mutex_) = false;
  // Last, so that it is destroyed first; after that it does not end the stream.
  StreamBounds::Ticket ticket_;
};

}  // namespace assay::agent

#endif  // ASSAY_AGENT_SERVICE_LEASE_STREAM_H_

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

// Renews leases: a question, a response, and again. One stream may hold the leases of several jobs; a job that is not
// there (any more) is granted 0 ms, so that it does not end the others' stream. Ends with DEADLINE_EXCEEDED when for the
// length of the last lease that it renewed, and a bit, it renewed none; RESOURCE_EXHAUSTED as StreamBounds has it.
// Deletes itself.
class LeaseStream final : public grpc::ServerBidiReactor<LeaseRenewal, LeaseGrant> {
 public:
  LeaseStream(std::shared_ptr<JobTable> jobs, StreamBounds& bounds);

 private:
  // Reads and writes take turns; only the end may come at any time.
  void OnReadDone(bool ok) override;
  void OnWriteDone(bool ok) override;
  void OnDone() override;

  void End(const grpc::Status& status) ABSL_LOCKS_EXCLUDED(mutex_);

  const std::shared_ptr<JobTable> jobs_;
  LeaseRenewal renewal_;
  LeaseGrant grant_;
  absl::Mutex mutex_;
  bool finished_ ABSL_GUARDED_BY(mutex_) = false;
  // Last: it is destroyed first, and ends the stream no more after that.
  StreamBounds::Ticket ticket_;
};

}  // namespace assay::agent

#endif  // ASSAY_AGENT_SERVICE_LEASE_STREAM_H_

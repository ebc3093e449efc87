#include "agent/service/lease_stream.h"

#include <utility>

#include "absl/status/statusor.h"
#include "agent/jobs/job.h"
#include "agent/service/grpc_status.h"

namespace assay::agent {

LeaseStream::LeaseStream(std::shared_ptr<JobTable> jobs, StreamBounds& bounds)
    : jobs_(std::move(jobs)), ticket_(bounds, [this] { End(StreamWasSilent()); }) {
  if (ticket_.too_many()) {
    End(TooManyStreams());
  } else {
    StartRead(&renewal_);
  }
}

void LeaseStream::OnReadDone(bool ok) {
  if (!ok) return End(grpc::Status::OK);
  const absl::StatusOr<std::shared_ptr<Job>> job = jobs_->Find(renewal_.job());
  *grant_.mutable_job() = renewal_.job();
  grant_.set_lease_ms(job.ok() ? (*job)->RenewLease() : 0);
  if (grant_.lease_ms() > 0) ticket_.Extend(int64_t{grant_.lease_ms()} * 1'000'000);
  absl::MutexLock lock(&mutex_);
  if (!finished_) StartWrite(&grant_);
}

void LeaseStream::OnWriteDone(bool ok) {
  if (!ok) return End(grpc::Status(grpc::StatusCode::UNAVAILABLE, "the stream broke"));
  absl::MutexLock lock(&mutex_);
  if (!finished_) StartRead(&renewal_);
}

void LeaseStream::End(const grpc::Status& status) {
  absl::MutexLock lock(&mutex_);
  if (finished_) return;
  finished_ = true;
  Finish(status);
}

void LeaseStream::OnDone() { delete this; }

}  // namespace assay::agent

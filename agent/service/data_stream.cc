#include "agent/service/data_stream.h"

#include <algorithm>
#include <utility>

#include "absl/status/statusor.h"
#include "agent/jobs/spool.h"
#include "agent/service/grpc_status.h"
#include "common/status_macros.h"
#include "grpcpp/support/proto_buffer_reader.h"
#include "grpcpp/support/slice.h"
#include "proto/agent.grpc.pb.h"

namespace assay::agent {
namespace {

// Without a copy: the buffer holds the record for as long as gRPC needs it.
grpc::ByteBuffer BufferOf(Spool::Bytes record) {
  auto* const held = new Spool::Bytes(std::move(record));
  const auto release = [](void* bytes) { delete static_cast<Spool::Bytes*>(bytes); };
  const grpc::Slice slice(const_cast<char*>((*held)->data()), (*held)->size(), release, held);
  return grpc::ByteBuffer(&slice, 1);
}

}  // namespace

DataStream::DataStream(std::shared_ptr<JobTable> jobs, StreamBounds& bounds)
    : jobs_(std::move(jobs)), ticket_(bounds, [this] { End(StreamWasSilent()); }) {
  if (ticket_.too_many()) {
    End(TooManyStreams());
  } else {
    StartRead(&incoming_);
  }
}

void DataStream::OnReadDone(bool ok) {
  // A reader that has finished writing may still read. OnCancel() reports a reader that is gone.
  if (!ok) return;
  DataRequest request;
  const grpc::Status read =
      grpc::SerializationTraits<DataRequest>::Deserialize(&incoming_, &request);
  if (!read.ok()) return End(read);
  const absl::Status taken = Take(request);
  if (!taken.ok()) return End(ToGrpc(taken));
  absl::MutexLock lock(&mutex_);
  Pump();
  if (!finished_) StartRead(&incoming_);
}

absl::Status DataStream::Take(const DataRequest& request) {
  const bool first = job_ == nullptr;
  if (first) {
    ASSAY_ASSIGN_OR_RETURN(job_, jobs_->Find(request.job()));
  }
  ASSAY_RETURN_IF_ERROR(job_->spool().Commit(request.committed()));
  {
    absl::MutexLock lock(&mutex_);
    if (first) {
      next_ = std::max<uint64_t>(request.from_sequence(), 1);
      received_ = next_ - 1;
      attached_ = true;
    }
    received_ = std::max(received_, request.received());
  }
  if (first) {
    ticket_.Stop();
    job_->spool().slot().Take(this);
  }
  return absl::OkStatus();
}

void DataStream::Pump() {
  if (finished_) return;
  if (busy_) {
    fetch_again_ = true;
    return;
  }
  if (end_.has_value()) {
    finished_ = true;
    Finish(*end_);
    return;
  }
  if (!attached_ || next_ > received_ + kAhead) return;
  busy_ = true;
  fetch_again_ = false;
  job_->strand().Post([this] { Fetch(); });
}

void DataStream::Fetch() {
  uint64_t wanted = 0;
  {
    absl::MutexLock lock(&mutex_);
    wanted = next_;
  }
  const Spool& spool = job_->spool();
  absl::StatusOr<Spool::Bytes> record = spool.Read(wanted);
  // The last one is the end mark once there is one; nothing comes behind it.
  const bool last = spool.ended() && wanted == spool.last();
  absl::MutexLock lock(&mutex_);
  if (!record.ok() && !end_.has_value()) end_ = ToGrpc(record.status());
  if (!end_.has_value() && *record != nullptr) {
    outgoing_ = BufferOf(*std::move(record));
    outgoing_is_last_ = last;
    ++next_;
    StartWrite(&outgoing_);
    return;
  }
  busy_ = false;
  // A record may have been added between the fetch and its result.
  if (end_.has_value() || fetch_again_) Pump();
}

void DataStream::OnWriteDone(bool ok) {
  absl::MutexLock lock(&mutex_);
  busy_ = false;
  if (!end_.has_value()) {
    if (!ok) end_ = grpc::Status(grpc::StatusCode::UNAVAILABLE, "the stream broke");
    if (outgoing_is_last_) end_ = grpc::Status::OK;
  }
  Pump();
}

void DataStream::OnCancel() { End(grpc::Status::CANCELLED); }

void DataStream::OnDone() {
  if (job_ != nullptr) job_->spool().slot().Leave(this);
  delete this;
}

void DataStream::OnChange() {
  absl::MutexLock lock(&mutex_);
  Pump();
}

void DataStream::OnReplaced() {
  End(grpc::Status(grpc::StatusCode::ABORTED, "a newer data stream of this job replaced it"));
}

void DataStream::End(const grpc::Status& status) {
  absl::MutexLock lock(&mutex_);
  if (!end_.has_value()) end_ = status;
  Pump();
}

}  // namespace assay::agent

#include "agent/service/lease_stream.h"

#include <utility>

#include "absl/status/statusor.h"
#include "agent/parts/part.h"

namespace assay {

LeaseStream::LeaseStream(std::shared_ptr<PartTable> parts) : parts_(std::move(parts)) {
  StartRead(&renewal_);
}

void LeaseStream::OnReadDone(bool ok) {
  if (!ok) return Finish(grpc::Status::OK);
  const absl::StatusOr<std::shared_ptr<Part>> part = parts_->Find(renewal_.part());
  *grant_.mutable_part() = renewal_.part();
  grant_.set_lease_ms(part.ok() ? (*part)->RenewLease() : 0);
  StartWrite(&grant_);
}

void LeaseStream::OnWriteDone(bool ok) {
  if (!ok) return Finish(grpc::Status(grpc::StatusCode::UNAVAILABLE, "the stream broke"));
  StartRead(&renewal_);
}

void LeaseStream::OnDone() { delete this; }

}  // namespace assay

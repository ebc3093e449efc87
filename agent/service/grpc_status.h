#ifndef ASSAY_AGENT_SERVICE_GRPC_STATUS_H_
#define ASSAY_AGENT_SERVICE_GRPC_STATUS_H_

#include <string>

#include "absl/status/status.h"
#include "grpcpp/support/status.h"

namespace assay::agent {

// Converts a status to gRPC's type. The codes have the same numbers.
inline grpc::Status ToGrpc(const absl::Status& status) {
  return grpc::Status(static_cast<grpc::StatusCode>(status.code()), std::string(status.message()));
}

// The statuses with which StreamBounds ends a stream.
inline grpc::Status StreamWasSilent() {
  return grpc::Status(grpc::StatusCode::DEADLINE_EXCEEDED,
                      "this stream did not name its job in time; open a new stream and name the "
                      "job in its first message");
}
inline grpc::Status TooManyStreams() {
  return grpc::Status(grpc::StatusCode::RESOURCE_EXHAUSTED,
                      "this agent has too many open streams; close some, or try again later");
}

}  // namespace assay::agent

#endif  // ASSAY_AGENT_SERVICE_GRPC_STATUS_H_

#ifndef ASSAY_AGENT_SERVICE_CONFIRMATION_H_
#define ASSAY_AGENT_SERVICE_CONFIRMATION_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "grpcpp/security/credentials.h"

namespace assay {

// Asks the agent at `agent` ("HOST:PORT") whether it serves `execution_id` at `destination`. Blocks, at most five
// seconds. Errors are in gRPC's words.
absl::StatusOr<bool> AskForConfirmation(
    const std::shared_ptr<grpc::ChannelCredentials>& credentials, const std::string& agent,
    const std::string& execution_id, const std::string& destination);

}  // namespace assay

#endif  // ASSAY_AGENT_SERVICE_CONFIRMATION_H_

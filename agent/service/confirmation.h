#ifndef ASSAY_AGENT_SERVICE_CONFIRMATION_H_
#define ASSAY_AGENT_SERVICE_CONFIRMATION_H_

#include <memory>

#include "absl/status/statusor.h"
#include "agent/jobs/destination_rules.h"
#include "grpcpp/security/credentials.h"

namespace assay::agent {

// Asks another agent whether it serves an execution at an address, over a connection to the numeric address of the
// question and to nothing else: no resolver and no proxy stands between. Blocks, at most 5 s. An error: there was no
// answer; its message is the peer's, which nobody may trust.
absl::StatusOr<bool> AskForConfirmation(
    const std::shared_ptr<grpc::ChannelCredentials>& credentials,
    const DestinationRules::Question& question);

}  // namespace assay::agent

#endif  // ASSAY_AGENT_SERVICE_CONFIRMATION_H_

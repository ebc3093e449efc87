#ifndef ASSAY_AGENT_SERVICE_CONFIRMATION_H_
#define ASSAY_AGENT_SERVICE_CONFIRMATION_H_

#include <memory>

#include "absl/status/statusor.h"
#include "agent/jobs/destination_rules.h"
#include "grpcpp/security/credentials.h"

namespace assay::agent {

// Asks another agent whether it serves an execution at an address. Connects only to the numeric address of the
// question, without a resolver or a proxy. Blocks for at most 5 s. An error means that the agent did not reply; its
// message comes from the peer and is not trustworthy.
absl::StatusOr<bool> AskForConfirmation(
    const std::shared_ptr<grpc::ChannelCredentials>& credentials,
    const DestinationRules::Question& question);

}  // namespace assay::agent

#endif  // ASSAY_AGENT_SERVICE_CONFIRMATION_H_

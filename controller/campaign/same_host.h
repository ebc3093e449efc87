#ifndef ASSAY_CONTROLLER_CAMPAIGN_SAME_HOST_H_
#define ASSAY_CONTROLLER_CAMPAIGN_SAME_HOST_H_

#include "proto/agent.pb.h"

namespace assay::controller {

// Whether two agents stand on one host: the same boot of the same kernel.
bool OnSameHost(const AgentDescription& a, const AgentDescription& b);

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_CAMPAIGN_SAME_HOST_H_

#ifndef ASSAY_CONTROLLER_GATES_SAME_HOST_H_
#define ASSAY_CONTROLLER_GATES_SAME_HOST_H_

#include "proto/agent.pb.h"

namespace assay::controller {

// Whether two agents run on one host: their kernels have the same boot ID. Compares the host names if neither agent
// reports a boot ID.
bool OnSameHost(const AgentDescription& a, const AgentDescription& b);

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_GATES_SAME_HOST_H_

#ifndef ASSAY_AGENT_LOADGEN_RUN_UNDER_AGENT_H_
#define ASSAY_AGENT_LOADGEN_RUN_UNDER_AGENT_H_

#include <ostream>

#include "agent/loadgen/options.h"

namespace assay::loadgen {

// A run as the agent wants it, by agent/load_protocol/control.proto over --control-fd, with raw samples in the ring of
// --ring-fd where there is one. Nothing is printed but, on `err`, why it failed. Returns the exit status: 0 when
// everything was reported, whatever became of the requests, else 1.
int RunUnderAgent(const LoadOptions& options, std::ostream& err);

}  // namespace assay::loadgen

#endif  // ASSAY_AGENT_LOADGEN_RUN_UNDER_AGENT_H_

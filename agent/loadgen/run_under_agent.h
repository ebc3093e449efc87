#ifndef ASSAY_AGENT_LOADGEN_RUN_UNDER_AGENT_H_
#define ASSAY_AGENT_LOADGEN_RUN_UNDER_AGENT_H_

#include <ostream>

namespace assay::loadgen {

// A run as the agent wants it, by agent/load_protocol/control.proto over the inherited socket `control_fd`, which this
// takes over. Nothing is printed but, on `err`, why it failed; the agent is told, too. Returns the exit status: 0 when
// everything was reported, whatever became of the requests; 2 when what the agent asks for cannot be done; else 1.
int RunUnderAgent(int control_fd, std::ostream& err);

}  // namespace assay::loadgen

#endif  // ASSAY_AGENT_LOADGEN_RUN_UNDER_AGENT_H_

#ifndef ASSAY_AGENT_LOADGEN_RUN_ALONE_H_
#define ASSAY_AGENT_LOADGEN_RUN_ALONE_H_

#include <ostream>

#include "agent/loadgen/options.h"

namespace assay::loadgen {

// A run for somebody at a terminal or in a script: progress to `err`, the result to `out`. SIGINT and SIGTERM end it
// early and print what was measured; a second one ends the wait for responses, too. Returns the exit status: 0 when
// something succeeded, 2 when --compare-to names no result, else 1.
int RunAlone(const LoadOptions& options, std::ostream& out, std::ostream& err);

}  // namespace assay::loadgen

#endif  // ASSAY_AGENT_LOADGEN_RUN_ALONE_H_

#ifndef ASSAY_AGENT_LOADGEN_FLAGS_H_
#define ASSAY_AGENT_LOADGEN_FLAGS_H_

#include <ostream>

#include "agent/loadgen/options.h"

namespace assay::loadgen {

// Reads a command line: what the flags say of the load becomes a GeneratorSpec, and FillOptions() takes that. With
// --control-fd there may be no other flag. Returns kGoOn of common/command_line.h when `options` is filled, else the
// exit status (1 where the target's name has no address, 2 for what is wrong); why is on `err`.
int ParseLoadOptions(int argc, char** argv, LoadOptions& options, std::ostream& out,
                     std::ostream& err);

}  // namespace assay::loadgen

#endif  // ASSAY_AGENT_LOADGEN_FLAGS_H_

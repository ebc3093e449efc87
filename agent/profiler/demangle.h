#ifndef ASSAY_AGENT_PROFILER_DEMANGLE_H_
#define ASSAY_AGENT_PROFILER_DEMANGLE_H_

#include <string>

namespace assay::profiler {

// The name that a linker's symbol has in its source, of C++ or Rust, without the arguments' types, Rust's hash and what
// the compiler adds to parts and clones of a function (".cold", ".constprop.0") or the linker for versions. Any other
// name stays as it is. Valid UTF-8 of at most 1 KiB.
std::string DemangledName(const std::string& symbol);

}  // namespace assay::profiler

#endif  // ASSAY_AGENT_PROFILER_DEMANGLE_H_

#ifndef ASSAY_AGENT_PROFILER_DEMANGLE_H_
#define ASSAY_AGENT_PROFILER_DEMANGLE_H_

#include <string>

namespace assay::profiler {

// Demangles a C++ or Rust symbol. Removes the argument types, Rust's hash, the suffixes of function clones (".cold",
// ".constprop.0") and symbol versions. Returns any other name unchanged. Valid UTF-8 of at most 1 KiB.
std::string DemangledName(const std::string& symbol);

}  // namespace assay::profiler

#endif  // ASSAY_AGENT_PROFILER_DEMANGLE_H_

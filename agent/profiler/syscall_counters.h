#ifndef ASSAY_AGENT_PROFILER_SYSCALL_COUNTERS_H_
#define ASSAY_AGENT_PROFILER_SYSCALL_COUNTERS_H_

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "agent/profiler/tree_counters.h"
#include "agent/telemetry/perf_abilities.h"

namespace assay::profiler {

// Counts the system calls of threads and of all that they start, by name, exactly: each call that a server may make has
// a tracepoint of its own, and all of them one in common. Calls that have none here are "other".
//
// Cost: some 60 descriptors a thread; two tracepoints a call, 0.1 to 0.2 us each.
class SyscallCounters {
 public:
  // Errors say why not, and what would allow it: no tracefs, no permission, no such tracepoints, too many descriptors.
  // Looked for where tracefs is mounted, or in `tracefs` where that is not empty.
  static absl::StatusOr<SyscallCounters> Open(const std::set<pid_t>& threads,
                                              const std::string& tracefs = "");

  // Whether this thread's could be counted, as "syscalls". Cost: a millisecond or so, since the kernel is told to trace.
  static agent::PerfAbility Try(const std::string& tracefs = "");

  // Calls since it was opened; names without calls are missing.
  std::map<std::string, uint64_t> Read() const;
  // Nothing is counted from Disable() to Enable().
  void Disable() { counters_.Disable(); }
  void Enable() { counters_.Enable(); }

 private:
  TreeCounters counters_;
  std::map<std::string, uint64_t> at_first_;
};

// The names that are counted apart.
absl::Span<const absl::string_view> CountedSyscalls();

}  // namespace assay::profiler

#endif  // ASSAY_AGENT_PROFILER_SYSCALL_COUNTERS_H_

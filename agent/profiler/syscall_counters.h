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

// Counts exactly, by name, the system calls of threads and of all threads and processes that they start. Each counted
// call has a tracepoint of its own, and one more tracepoint counts all calls. Calls without a counter of their own are
// "other".
//
// Cost: about 60 descriptors per thread; two tracepoints per call, 0.1 to 0.2 us each.
class SyscallCounters {
 public:
  // Errors give the reason and the remedy: no tracefs, no permission, no such tracepoints, too many descriptors. Uses
  // the mount point of tracefs, or `tracefs` if it is not empty.
  static absl::StatusOr<SyscallCounters> Open(const std::set<pid_t>& threads,
                                              const std::string& tracefs = "");

  // Whether the system calls of this thread can be counted, as the ability "syscalls". Cost: about a millisecond,
  // because the kernel enables tracing.
  static agent::PerfAbility Try(const std::string& tracefs = "");

  // Calls since Open(), without names that have no calls.
  std::map<std::string, uint64_t> Read() const;
  // Nothing is counted from Disable() to Enable().
  void Disable() { counters_.Disable(); }
  void Enable() { counters_.Enable(); }

 private:
  TreeCounters counters_;
  std::map<std::string, uint64_t> at_first_;
};

// The names that have a counter of their own.
absl::Span<const absl::string_view> CountedSyscalls();

}  // namespace assay::profiler

#endif  // ASSAY_AGENT_PROFILER_SYSCALL_COUNTERS_H_

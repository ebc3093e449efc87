#ifndef ASSAY_AGENT_TELEMETRY_PROCESS_CPU_H_
#define ASSAY_AGENT_TELEMETRY_PROCESS_CPU_H_

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "common/cpu_set.h"

namespace assay::agent {

// What a process tree has used since it began. Two readings subtracted are what it used between.
//
// Counted in cpu_ns, minor_faults and major_faults: every process below the root, each with all its threads, ended
// threads too; and children that ended and were waited for by a process of the tree, or by the root itself (a guard
// inherits and waits for orphans). Living processes are read from their CPU clocks, to the nanosecond; ended ones from
// /proc/PID/stat, to 10 ms for user and for system time of each process that waited.
// Not counted: the root's own time (it is the guard, not the program); children of a process that ignores SIGCHLD
// (the kernel forgets their times); processes that were born and ended without being waited for while /proc was read.
//
// Counted in the switches: threads that live at the reading only, since the kernel keeps no sum for ended ones.
struct TreeUsage {
  int64_t cpu_ns = 0;
  // CLOCK_MONOTONIC at which the CPU clocks of the living were read: the middle of the moment that it took, tens of
  // microseconds for a tree of many processes.
  int64_t cpu_at_ns = 0;
  // Not so where processes ended while the tree was read, in every attempt: cpu_ns lacks what they used.
  bool complete = true;
  int64_t voluntary_switches = 0;
  int64_t involuntary_switches = 0;
  int64_t minor_faults = 0;
  int64_t major_faults = 0;

  // At the reading, not since the beginning: the sum of the resident sets (memory that processes share counts in each).
  int64_t rss_bytes = 0;
  // The largest resident set that the one process has had (VmHWM); 0 when the tree has several.
  int64_t peak_rss_bytes = 0;
  int processes = 0;
  int threads = 0;
  // CPUs that the threads are allowed on, together: read back from the kernel, so that a thread that chose its own
  // shows.
  CpuSet allowed_cpus;
};

// Reads the tree below `root`, without the root. The tree may be empty. kNotFound when `root` is not there.
// Cost: AllProcesses() of common/process_tree.h, and about 30 us a thread of the tree: at a window's ends, not in it.
absl::StatusOr<TreeUsage> ReadTreeUsage(pid_t root);

// What was used between two readings of one tree: counters subtracted (never negative), the rest as of `end`, but for
// rss_bytes, the larger of the two, and complete, which both have to be.
TreeUsage UsageBetween(const TreeUsage& start, const TreeUsage& end);

// CPU time of a process with all its threads, from its CPU clock. kNotFound when it is gone. Cost: 1 us.
absl::StatusOr<int64_t> ProcessCpuNanos(pid_t pid);

// What /proc/PID/status and /proc/PID/task/TID/status say.
struct ProcessStatus {
  int64_t rss_bytes = 0;
  int64_t peak_rss_bytes = 0;
  int64_t voluntary_switches = 0;
  int64_t involuntary_switches = 0;
  CpuSet allowed_cpus;
};

// Lines that are missing leave their field at its default: a kernel thread has no memory.
absl::StatusOr<ProcessStatus> ParseProcessStatus(std::string_view text);

}  // namespace assay::agent

#endif  // ASSAY_AGENT_TELEMETRY_PROCESS_CPU_H_

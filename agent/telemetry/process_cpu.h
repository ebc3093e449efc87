#ifndef ASSAY_AGENT_TELEMETRY_PROCESS_CPU_H_
#define ASSAY_AGENT_TELEMETRY_PROCESS_CPU_H_

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/cpu_set.h"
#include "common/process_tree.h"

namespace assay::agent {

// The resources that a process tree has used since it began. Subtract two readings to get the usage between them.
//
// cpu_ns, minor_faults and major_faults include every process below the root with all its threads, also ended ones, and
// ended children for which a process of the tree or the root has waited (a guard inherits and waits for orphans). The
// time of running processes is read from their CPU clocks, to the nanosecond. The time of ended processes is read from
// /proc/PID/stat, to 10 ms each for user and system time of every process that waited for them.
// They do not include: the root itself (it is the guard, not the program); children of a process that ignores SIGCHLD
// (the kernel discards their times); processes that began and ended, without being waited for, while /proc was read.
//
// The context switches include only threads that exist at the reading, because the kernel keeps no sum for ended ones.
struct TreeUsage {
  int64_t cpu_ns = 0;
  // CLOCK_MONOTONIC time at which the CPU clocks of running processes were read: the middle of the reading, which takes
  // tens of microseconds for a tree of many processes.
  int64_t cpu_at_ns = 0;
  // False if processes ended while the tree was read, in every attempt; cpu_ns then lacks their time.
  bool complete = true;
  int64_t voluntary_switches = 0;
  int64_t involuntary_switches = 0;
  int64_t minor_faults = 0;
  int64_t major_faults = 0;
  // By thread id: the time in which the thread was runnable while other threads used the CPUs. Without threads for which
  // the kernel does not report it.
  std::map<pid_t, int64_t> run_delay_ns;

  // At the time of the reading: the sum of the resident sets. Memory that processes share counts in each of them.
  int64_t rss_bytes = 0;
  // The peak resident set (VmHWM) if the tree is one process; 0 if it has several.
  int64_t peak_rss_bytes = 0;
  int processes = 0;
  int threads = 0;
  // The union of the CPUs on which the threads may run. Read back from the kernel, because threads may change theirs.
  CpuSet allowed_cpus;
};

// Reads the tree below `root`, without the root itself. The tree may be empty. kNotFound: `root` does not exist. Cost:
// AllProcesses() of common/process_tree.h, plus about 40 us per thread of the tree. Call it at the begin and end of a
// window, not within it.
absl::StatusOr<TreeUsage> ReadTreeUsage(pid_t root);

// The usage between two readings of one tree. Counters are the differences, never negative. rss_bytes is the larger of
// the two values. complete is true if both readings are complete. All other fields are those of `end`.
TreeUsage UsageBetween(const TreeUsage& start, const TreeUsage& end);

// The run delay between two readings, summed over the threads that are in both. Nullopt if there is none.
std::optional<int64_t> RunDelayBetween(const TreeUsage& start, const TreeUsage& end);

// The run delay in the text of /proc/PID/task/TID/schedstat. Nullopt if the kernel does not report it.
std::optional<int64_t> ParseRunDelay(std::string_view text);

// The current threads of a process; empty if it does not exist.
std::vector<pid_t> ThreadsOf(pid_t pid);

// CPU time of the ended children for which a process has waited, and of their descendants. Resolution: 10 ms.
int64_t WaitedForCpuNanos(const ProcessStat& process);

// CPU time of a process with all its threads, from its CPU clock. kNotFound: the process has ended. Cost: 1 us.
absl::StatusOr<int64_t> ProcessCpuNanos(pid_t pid);

// Values of /proc/PID/status and /proc/PID/task/TID/status.
struct ProcessStatus {
  int64_t rss_bytes = 0;
  int64_t peak_rss_bytes = 0;
  int64_t voluntary_switches = 0;
  int64_t involuntary_switches = 0;
  CpuSet allowed_cpus;
};

// A missing line leaves its field at the default: kernel threads have no memory, for example.
absl::StatusOr<ProcessStatus> ParseProcessStatus(std::string_view text);

}  // namespace assay::agent

#endif  // ASSAY_AGENT_TELEMETRY_PROCESS_CPU_H_

#ifndef ASSAY_COMMON_PROCESS_TREE_H_
#define ASSAY_COMMON_PROCESS_TREE_H_

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace assay {

// The contents of /proc/PID/stat for one process. Times are in clock ticks of sysconf(_SC_CLK_TCK), usually 10 ms.
struct ProcessStat {
  pid_t pid = 0;
  std::string name;
  // 'R' running, 'S' sleeping, 'Z' ended but not waited for, ...
  char state = '?';
  pid_t parent = 0;
  // CPU time of all threads, including ended ones.
  int64_t minor_faults = 0;
  int64_t major_faults = 0;
  // CPU time of the children that the process has waited for, and of their descendants.
  int64_t waited_minor_faults = 0;
  int64_t waited_major_faults = 0;
  int64_t waited_user_ticks = 0;
  int64_t waited_system_ticks = 0;
  int threads = 0;
  // Since the start of the machine. Together with the pid it identifies a process for ever.
  int64_t start_ticks = 0;
  int64_t resident_pages = 0;
};

// Parses the line in /proc/PID/stat. The name may contain spaces, parentheses and line breaks.
absl::StatusOr<ProcessStat> ParseProcessStat(std::string_view text);

// kNotFound if there is no such process.
absl::StatusOr<ProcessStat> ReadProcessStat(pid_t pid);

// All processes in /proc, by pid. Processes that start or end meanwhile may be missing or present. Cost: about 10 us
// per process of the whole machine.
std::vector<ProcessStat> AllProcesses();

// Direct children, including ended ones that were not waited for. Costs as much as AllProcesses().
std::vector<pid_t> ChildrenOf(pid_t parent);

// All descendants of `root` in `processes`, without `root` itself. Parents come before their children.
std::vector<ProcessStat> DescendantsOf(pid_t root, const std::vector<ProcessStat>& processes);

}  // namespace assay

#endif  // ASSAY_COMMON_PROCESS_TREE_H_

#ifndef ASSAY_COMMON_PROCESS_TREE_H_
#define ASSAY_COMMON_PROCESS_TREE_H_

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace assay {

// What /proc/PID/stat says of a process. Times are in clock ticks of sysconf(_SC_CLK_TCK), usually
// 10 ms.
struct ProcessStat {
  pid_t pid = 0;
  std::string name;
  // 'R' running, 'S' sleeping, 'Z' ended but not waited for, ...
  char state = '?';
  pid_t parent = 0;
  // Of all its threads, ended ones too.
  int64_t minor_faults = 0;
  int64_t major_faults = 0;
  // Of the children that it has waited for, and theirs.
  int64_t waited_minor_faults = 0;
  int64_t waited_major_faults = 0;
  int64_t waited_user_ticks = 0;
  int64_t waited_system_ticks = 0;
  int threads = 0;
  // After the machine's start. With the pid it names a process for ever.
  int64_t start_ticks = 0;
  int64_t resident_pages = 0;
};

// Reads the one line of /proc/PID/stat. The name may hold spaces, parentheses and line breaks.
absl::StatusOr<ProcessStat> ParseProcessStat(std::string_view text);

// kNotFound when there is no such process.
absl::StatusOr<ProcessStat> ReadProcessStat(pid_t pid);

// All processes that /proc shows, by pid. Those that come or go meanwhile may be there or not.
// Cost: about 10 us a process of the whole machine.
std::vector<ProcessStat> AllProcesses();

// Direct children, ended ones that were not waited for too. Cost as of AllProcesses().
std::vector<pid_t> ChildrenOf(pid_t parent);

// Everything below `root` in `processes`, without it; parents come before their children.
std::vector<ProcessStat> DescendantsOf(pid_t root, const std::vector<ProcessStat>& processes);

}  // namespace assay

#endif  // ASSAY_COMMON_PROCESS_TREE_H_

#ifndef ASSAY_AGENT_PROFILER_TREE_THREADS_H_
#define ASSAY_AGENT_PROFILER_TREE_THREADS_H_

#include <sys/types.h>

#include <map>
#include <vector>

namespace assay::profiler {

// The current threads of a process and its descendants, by process. Empty if the process has ended (also if it is a
// zombie). Cost: that of AllProcesses() in common/process_tree.h.
std::map<pid_t, std::vector<pid_t>> TreeThreads(pid_t root);

}  // namespace assay::profiler

#endif  // ASSAY_AGENT_PROFILER_TREE_THREADS_H_

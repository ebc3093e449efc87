#ifndef ASSAY_AGENT_PROFILER_TREE_THREADS_H_
#define ASSAY_AGENT_PROFILER_TREE_THREADS_H_

#include <sys/types.h>

#include <map>
#include <vector>

namespace assay::profiler {

// The threads of a process and of all below it, now, by process. Empty when the process is gone (or was not waited
// for). Cost: that of AllProcesses() in common/process_tree.h.
std::map<pid_t, std::vector<pid_t>> TreeThreads(pid_t root);

}  // namespace assay::profiler

#endif  // ASSAY_AGENT_PROFILER_TREE_THREADS_H_

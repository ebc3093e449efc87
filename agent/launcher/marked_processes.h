#ifndef ASSAY_AGENT_LAUNCHER_MARKED_PROCESSES_H_
#define ASSAY_AGENT_LAUNCHER_MARKED_PROCESSES_H_

#include <sys/types.h>

#include <string>
#include <vector>

namespace assay::agent {

// A unique argument, to find processes by their command lines.
std::string UniqueMark();

// Processes whose command line contains `mark`, found by a walk over /proc.
std::vector<pid_t> ProcessesWithMark(const std::string& mark);

// Waits for at most a minute until no process has the mark. Returns the remaining processes.
std::vector<pid_t> WaitUntilNoneHasMark(const std::string& mark);

}  // namespace assay::agent

#endif  // ASSAY_AGENT_LAUNCHER_MARKED_PROCESSES_H_

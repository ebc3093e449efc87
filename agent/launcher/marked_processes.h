#ifndef ASSAY_AGENT_LAUNCHER_MARKED_PROCESSES_H_
#define ASSAY_AGENT_LAUNCHER_MARKED_PROCESSES_H_

#include <sys/types.h>

#include <string>
#include <vector>

namespace assay::agent {

// A word for a command line that no other process has.
std::string UniqueMark();

// Processes whose command line holds `mark`, from a walk over /proc.
std::vector<pid_t> ProcessesWithMark(const std::string& mark);

// Waits until no process has the mark; gives up after a minute. Returns those that are left.
std::vector<pid_t> WaitUntilNoneHasMark(const std::string& mark);

}  // namespace assay::agent

#endif  // ASSAY_AGENT_LAUNCHER_MARKED_PROCESSES_H_

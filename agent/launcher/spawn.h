#ifndef ASSAY_AGENT_LAUNCHER_SPAWN_H_
#define ASSAY_AGENT_LAUNCHER_SPAWN_H_

#include <sys/types.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "common/unique_fd.h"

namespace assay::agent {

// A child process. The pid is not reused until the child has been waited for.
struct Spawned {
  pid_t pid = 0;
  // Readable when the process has ended.
  UniqueFd pidfd;
};

// Starts a program in a session of its own, with default signal dispositions, no blocked signals and empty standard
// input. `descriptors` are pairs of this process's number and the child's number; the child's numbers run from 1 up
// without gaps. The descriptors stay open in this process. All others must be close-on-exec.
//
// Safe in a process with many threads: posix_spawn() uses vfork(), and between fork and exec the child allocates
// nothing and takes no lock. Errors contain errno's text.
absl::StatusOr<Spawned> Spawn(const std::vector<std::string>& argv,
                              const std::vector<std::pair<int, int>>& descriptors);

}  // namespace assay::agent

#endif  // ASSAY_AGENT_LAUNCHER_SPAWN_H_

#ifndef ASSAY_AGENT_LAUNCHER_SPAWN_H_
#define ASSAY_AGENT_LAUNCHER_SPAWN_H_

#include <sys/types.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "common/unique_fd.h"

namespace assay::agent {

// A child process and its identity: as long as it is not waited for, the pid is its.
struct Spawned {
  pid_t pid = 0;
  // Readable when the process has ended.
  UniqueFd pidfd;
};

// Starts a program in a session of its own, with default signal dispositions, nothing blocked, standard input empty,
// and `descriptors` (ours, theirs; all numbers of theirs from 1 up without a gap); the rest of the environment's
// descriptors stay close-on-exec. Ours stay open here.
//
// Safe in a process with many threads: between fork and exec the child allocates nothing and takes no lock
// (posix_spawn, which is a vfork()). Errors carry errno's text.
absl::StatusOr<Spawned> Spawn(const std::vector<std::string>& argv,
                              const std::vector<std::pair<int, int>>& descriptors);

}  // namespace assay::agent

#endif  // ASSAY_AGENT_LAUNCHER_SPAWN_H_

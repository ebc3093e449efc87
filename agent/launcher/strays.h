#ifndef ASSAY_AGENT_LAUNCHER_STRAYS_H_
#define ASSAY_AGENT_LAUNCHER_STRAYS_H_

#include <sys/types.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "agent/launcher/spawn.h"

namespace assay::agent {

// A stray is a process that has outlived the launch program that supervised it. If the system allows no PID namespace,
// this happens to daemons of a program when the launch program and the guard are killed at the same time. A process
// that adopts strays inherits them (PR_SET_CHILD_SUBREAPER) and can kill them.
//
// Threads: any thread may call any function.

// Makes this process adopt strays from now on. REQUIRES: this process starts all its children by SpawnKnown().
void AdoptStrays();

// Spawn(), and records that the child is not a stray.
absl::StatusOr<Spawned> SpawnKnown(const std::vector<std::string>& argv,
                                   const std::vector<std::pair<int, int>>& descriptors);
// Waits for a child of SpawnKnown() that has ended, and removes its record.
void WaitForKnown(pid_t pid);

// Kills all strays and their descendants, and waits for them, for at most `limit`. Returns whether none is left; true
// if this process does not adopt strays.
bool KillStrays(absl::Duration limit);

}  // namespace assay::agent

#endif  // ASSAY_AGENT_LAUNCHER_STRAYS_H_

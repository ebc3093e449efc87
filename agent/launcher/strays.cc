#include "agent/launcher/strays.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <set>

#include "absl/base/attributes.h"
#include "absl/base/const_init.h"
#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "common/monotonic_clock.h"
#include "common/process_tree.h"

namespace assay::agent {
namespace {

// Held while a child is created, so that every existing child is known.
ABSL_CONST_INIT absl::Mutex children_mutex(absl::kConstInit);
bool adopts ABSL_GUARDED_BY(children_mutex) = false;

std::set<pid_t>& Known() ABSL_EXCLUSIVE_LOCKS_REQUIRED(children_mutex) {
  static auto* const known = new std::set<pid_t>;
  return *known;
}

// Kills and waits for all unknown children. Returns whether there was any.
bool KillStraysOnce() ABSL_EXCLUSIVE_LOCKS_REQUIRED(children_mutex) {
  bool any = false;
  for (const pid_t child : ChildrenOf(getpid())) {
    if (Known().count(child) != 0) continue;
    any = true;
    // No other thread waits for it, so its pid cannot have been reused.
    kill(child, SIGKILL);
    waitpid(child, nullptr, WNOHANG);
  }
  return any;
}

}  // namespace

void AdoptStrays() {
  absl::MutexLock lock(&children_mutex);
  adopts = prctl(PR_SET_CHILD_SUBREAPER, 1) == 0;
}

absl::StatusOr<Spawned> SpawnKnown(const std::vector<std::string>& argv,
                                   const std::vector<std::pair<int, int>>& descriptors) {
  absl::MutexLock lock(&children_mutex);
  absl::StatusOr<Spawned> spawned = Spawn(argv, descriptors);
  if (spawned.ok()) Known().insert(spawned->pid);
  return spawned;
}

void WaitForKnown(pid_t pid) {
  absl::MutexLock lock(&children_mutex);
  waitpid(pid, nullptr, 0);
  Known().erase(pid);
}

bool KillStrays(absl::Duration limit) {
  const int64_t deadline = MonotonicNanos() + absl::ToInt64Nanoseconds(limit);
  while (true) {
    {
      absl::MutexLock lock(&children_mutex);
      if (!adopts || !KillStraysOnce()) return true;
    }
    if (MonotonicNanos() >= deadline) return false;
    // The children of the killed processes have become children of this process.
    absl::SleepFor(absl::Milliseconds(2));
  }
}

}  // namespace assay::agent

#include "agent/launch/children.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <string>

#include "absl/strings/numbers.h"
#include "common/monotonic_clock.h"
#include "common/process_tree.h"

namespace assay::agent {
namespace {

// /proc may show another PID namespace, in which this process's pids denote other processes.
bool ProcShowsThisNamespace() {
  char link[32];
  const ssize_t length = readlink("/proc/self", link, sizeof(link));
  int pid;
  return length > 0 &&
         absl::SimpleAtoi(absl::string_view(link, static_cast<size_t>(length)), &pid) &&
         pid == getpid();
}

// Waits for all children that have ended. Returns false if there are no children.
bool Reap() {
  while (true) {
    const pid_t ended = waitpid(-1, nullptr, WNOHANG);
    if (ended == 0) return true;
    if (ended < 0 && errno != EINTR) return false;
  }
}

void WaitForSigchld(absl::Duration at_most) {
  sigset_t child;
  sigemptyset(&child);
  sigaddset(&child, SIGCHLD);
  const timespec timeout = absl::ToTimespec(at_most);
  sigtimedwait(&child, nullptr, &timeout);
}

}  // namespace

bool KillChildrenUntilNone(absl::Duration limit) {
  const bool can_see = ProcShowsThisNamespace();
  const int64_t deadline = MonotonicNanos() + absl::ToInt64Nanoseconds(limit);
  while (Reap()) {
    if (MonotonicNanos() >= deadline) return false;
    if (can_see) {
      for (const pid_t child : ChildrenOf(getpid())) kill(child, SIGKILL);
    }
    // Signals of one kind merge, and one may have arrived before. So wait for a short time, then check again.
    WaitForSigchld(absl::Milliseconds(10));
  }
  return true;
}

}  // namespace assay::agent

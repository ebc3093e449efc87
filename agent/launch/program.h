#ifndef ASSAY_AGENT_LAUNCH_PROGRAM_H_
#define ASSAY_AGENT_LAUNCH_PROGRAM_H_

#include <sys/types.h>

#include <string>
#include <vector>

#include "agent/launch/launch_request.h"
#include "common/unique_fd.h"

namespace assay::agent {

// A program that is ready for exec: path and environment are determined.
class Program {
 public:
  // Looks up the program. Returns 0 or errno: ENOENT (not in $PATH), EACCES (found, but not executable). A path with a
  // slash is not checked here; exec reports errors.
  static int Find(const LaunchRequest& request, Program* program);

  // Replaces the calling process, a new child of `guard`, by the program. Before exec it sends kHeld to `keeper`, which
  // gets the pid from the socket's credentials, and waits for kRelease. If a step fails, it sends kFailed. exec closes
  // `keeper`.
  [[noreturn]] void Become(const LaunchRequest& request, pid_t guard, UniqueFd keeper) const;

 private:
  std::string path_;
  std::vector<std::string> environment_;
};

}  // namespace assay::agent

#endif  // ASSAY_AGENT_LAUNCH_PROGRAM_H_

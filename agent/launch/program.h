#ifndef ASSAY_AGENT_LAUNCH_PROGRAM_H_
#define ASSAY_AGENT_LAUNCH_PROGRAM_H_

#include <sys/types.h>

#include <string>
#include <vector>

#include "agent/launch/launch_request.h"
#include "common/unique_fd.h"

namespace assay::agent {

// A program that is ready to be executed: everything that can be worked out beforehand.
class Program {
 public:
  // Looks for the program. Returns 0, or errno: ENOENT (not in $PATH), EACCES (there, but not
  // executable). A program with a slash is taken as it is: exec will say.
  static int Find(const LaunchRequest& request, Program* program);

  // Turns the calling process, a fresh child of `guard`, into the program. Before exec it reports
  // to `keeper` (kHeld, whose sender the socket's credentials tell) and waits for kRelease; when a
  // step fails, it reports kFailed. `keeper` is closed by exec.
  [[noreturn]] void Become(const LaunchRequest& request, pid_t guard, UniqueFd keeper) const;

 private:
  std::string path_;
  std::vector<std::string> environment_;
};

}  // namespace assay::agent

#endif  // ASSAY_AGENT_LAUNCH_PROGRAM_H_

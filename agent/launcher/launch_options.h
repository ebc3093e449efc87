#ifndef ASSAY_AGENT_LAUNCHER_LAUNCH_OPTIONS_H_
#define ASSAY_AGENT_LAUNCHER_LAUNCH_OPTIONS_H_

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "common/cpu_set.h"

namespace assay::agent {

struct LaunchOptions {
  // The program and its words. A program without a slash is looked for in $PATH; one with a slash that is relative
  // begins in `working_directory`.
  std::vector<std::string> argv;
  // Set over the caller's environment, which the program inherits unless `inherit_environment` is false.
  std::map<std::string, std::string> environment;
  bool inherit_environment = true;
  // The program, and what it starts, may run on these only. Empty: where the calling thread may.
  CpuSet cpus;
  // Empty: the caller's.
  std::string working_directory;
  // Descriptors that the program gets, ours first, then its number for it (3 or more). No others pass, beside
  // standard output and error, which are drained, and standard input, which is empty. Ours stay open here.
  std::vector<std::pair<int, int>> pass_fds;
  // Whether the program waits before exec until Release(): events can be attached to its pid before its first
  // instruction.
  bool hold = false;
  // A PID namespace of its own where the system allows one; otherwise it goes on without.
  bool pid_namespace = true;
  // The program agent/launch/launch. Empty: the one that comes with this program.
  std::string launch_program;
};

// kInvalidArgument says which option cannot be.
absl::Status ValidateLaunchOptions(const LaunchOptions& options);

// launch's command line for valid options. It finds its end of the control socket at `control_fd`, and what it passes
// on from `first_passed_fd` up, in the order of options.pass_fds.
std::vector<std::string> LaunchArgv(const LaunchOptions& options, const std::string& launch_program,
                                    int control_fd, int first_passed_fd);

}  // namespace assay::agent

#endif  // ASSAY_AGENT_LAUNCHER_LAUNCH_OPTIONS_H_

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
  // The program and its arguments. A program without a slash is looked up in $PATH. A relative path with a slash is
  // relative to `working_directory`.
  std::vector<std::string> argv;
  // Variables that override the caller's environment, which the program inherits unless `inherit_environment` is false.
  std::map<std::string, std::string> environment;
  bool inherit_environment = true;
  // The program and its descendants may run on these CPUs only. Empty: those of the calling thread.
  CpuSet cpus;
  // Empty: the caller's.
  std::string working_directory;
  // Descriptors to pass: this process's number, then the program's number (3 or more). The program gets no others,
  // except standard output and error, which are drained, and standard input, which is empty. The descriptors stay open
  // in this process.
  std::vector<std::pair<int, int>> pass_fds;
  // Whether the program waits before exec until Release(), so that perf events can be attached to its pid before its
  // first instruction.
  bool hold = false;
  // Start the program in a PID namespace of its own if the system allows it; otherwise without one.
  bool pid_namespace = true;
  // Path of the program agent/launch/launch. Empty: the one that comes with this program.
  std::string launch_program;
};

// kInvalidArgument names the invalid option.
absl::Status ValidateLaunchOptions(const LaunchOptions& options);

// The command line of `launch` for valid options. `launch` uses `control_fd` as its end of the control socket. The
// descriptors to pass are numbered from `first_passed_fd` up, in the order of options.pass_fds.
std::vector<std::string> LaunchArgv(const LaunchOptions& options, const std::string& launch_program,
                                    int control_fd, int first_passed_fd);

}  // namespace assay::agent

#endif  // ASSAY_AGENT_LAUNCHER_LAUNCH_OPTIONS_H_

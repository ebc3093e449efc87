#ifndef ASSAY_AGENT_LAUNCH_LAUNCH_REQUEST_H_
#define ASSAY_AGENT_LAUNCH_LAUNCH_REQUEST_H_

#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "common/cpu_set.h"

namespace assay::agent {

// The command line of launch, parsed.
struct LaunchRequest {
  // The program and its arguments; never empty.
  std::vector<std::string> argv;
  // "NAME=VALUE" variables. They override the environment of launch if `inherit_environment`, else they are the whole
  // environment.
  std::vector<std::string> environment;
  bool inherit_environment = true;
  // Empty: the CPUs of launch.
  CpuSet cpus;
  // Empty: that of launch.
  std::string working_directory;
  // Descriptors to pass to the program: the number in launch, then the number in the program.
  std::vector<std::pair<int, int>> pass_fds;
  bool hold = false;
  bool pid_namespace = true;
  // A SOCK_SEQPACKET socket to the process that started launch. When that process closes it, launch kills the whole
  // tree. -1: none; launch exits with the program's status.
  int control_fd = -1;
};

// Parses the command line: flags, "--", the program and its arguments, which are passed unchanged. Returns kGoOn of
// common/command_line.h, or the status to exit with.
int ParseLaunchRequest(int argc, char** argv, std::ostream& out, std::ostream& err,
                       LaunchRequest* request);

}  // namespace assay::agent

#endif  // ASSAY_AGENT_LAUNCH_LAUNCH_REQUEST_H_

#ifndef ASSAY_AGENT_LAUNCH_LAUNCH_REQUEST_H_
#define ASSAY_AGENT_LAUNCH_LAUNCH_REQUEST_H_

#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "common/cpu_set.h"

namespace assay::agent {

// What launch is asked to start, as its command line says it.
struct LaunchRequest {
  // The program and its words; never empty.
  std::vector<std::string> argv;
  // "NAME=VALUE", over what launch itself inherits, or alone.
  std::vector<std::string> environment;
  bool inherit_environment = true;
  // Empty: as launch itself.
  CpuSet cpus;
  // Empty: as launch itself.
  std::string working_directory;
  // Descriptors that the program gets: launch's number, the program's number.
  std::vector<std::pair<int, int>> pass_fds;
  bool hold = false;
  bool pid_namespace = true;
  // A SOCK_SEQPACKET socket to whoever started launch; its end is the order to kill everything. -1:
  // none, and launch ends as the program does.
  int control_fd = -1;
};

// Reads the command line: flags, "--", the program and its words, which are passed on untouched.
// Returns kGoOn of common/command_line.h, or the status to exit with.
int ParseLaunchRequest(int argc, char** argv, std::ostream& out, std::ostream& err,
                       LaunchRequest* request);

}  // namespace assay::agent

#endif  // ASSAY_AGENT_LAUNCH_LAUNCH_REQUEST_H_

// launch: starts a program that cannot outlive the process that requested it. agent/launch/README.md says
// how.

#include <unistd.h>

#include <iostream>

#include "agent/launch/keeper.h"
#include "agent/launch/launch_request.h"
#include "common/command_line.h"
#include "common/standard_streams.h"

int main(int argc, char** argv) {
  assay::OpenStandardStreams();
  assay::agent::LaunchRequest request;
  const int status = assay::agent::ParseLaunchRequest(argc, argv, std::cout, std::cerr, &request);
  if (status != assay::kGoOn) return assay::EndOutput("launch", status);
  const int ended = assay::agent::RunKeeper(request);
  std::cerr.flush();
  // Skips the handlers of exit(). A leak checker among them would start a thread, and a process that has created a PID
  // namespace for its children cannot do that.
  _exit(ended);
}

#include <csignal>
#include <iostream>

#include "agent/loadgen/flags.h"
#include "agent/loadgen/options.h"
#include "agent/loadgen/run_alone.h"
#include "agent/loadgen/run_under_agent.h"
#include "common/command_line.h"
#include "common/standard_streams.h"

namespace {

int Run(int argc, char** argv) {
  assay::loadgen::LoadOptions options;
  const int status = assay::loadgen::ParseLoadOptions(argc, argv, options, std::cout, std::cerr);
  if (status != assay::kGoOn) return status;
  return options.under_agent() ? assay::loadgen::RunUnderAgent(options.control_fd, std::cerr)
                               : assay::loadgen::RunAlone(options, std::cout, std::cerr);
}

}  // namespace

int main(int argc, char** argv) {
  assay::OpenStandardStreams();
  // A reader of its output that leaves early takes no file of the run with it.
  std::signal(SIGPIPE, SIG_IGN);
  return assay::EndOutput("loadgen", Run(argc, argv));
}

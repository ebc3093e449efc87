#include <csignal>
#include <iostream>

#include "agent/loadgen/flags.h"
#include "agent/loadgen/options.h"
#include "agent/loadgen/run_alone.h"
#include "agent/loadgen/run_under_agent.h"
#include "common/command_line.h"

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  assay::loadgen::LoadOptions options;
  const int status = assay::loadgen::ParseLoadOptions(argc, argv, options, std::cout, std::cerr);
  if (status != assay::kGoOn) return status;
  return options.under_agent() ? assay::loadgen::RunUnderAgent(options.control_fd, std::cerr)
                               : assay::loadgen::RunAlone(options, std::cout, std::cerr);
}

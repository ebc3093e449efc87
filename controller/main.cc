// The controller: sends plans to agents, stores what they measure, shows it.

#include <iostream>

#include "CLI/CLI.hpp"
#include "common/command_line.h"
#include "common/runfiles.h"
#include "common/standard_streams.h"
#include "controller/campaign/interruption.h"
#include "controller/commands/command.h"

namespace {

int Run(int argc, char** argv) {
  CLI::App app("Measures HTTP servers so that a comparison can be believed.", "controller");
  app.footer("Example: controller demo");
  app.require_subcommand(1);
  assay::Action chosen;
  assay::AddDemoCommand(app, chosen);
  assay::AddRunCommand(app, chosen);
  assay::AddMeasureCommand(app, chosen);
  assay::AddCheckCommand(app, chosen);
  assay::AddResumeCommand(app, chosen);
  assay::AddRerunCommand(app, chosen);
  assay::AddCancelCommand(app, chosen);
  assay::AddAgentsCommand(app, chosen);
  assay::AddListCommand(app, chosen);
  assay::AddShowCommand(app, chosen);
  assay::AddReportCommand(app, chosen);
  assay::AddExportCommand(app, chosen);
  assay::AddImportCommand(app, chosen);
  const int parsed = assay::ParseCommandLine(app, argc, argv, std::cout, std::cerr);
  if (parsed != assay::kGoOn) return parsed;
  assay::Interruption interruption;
  const assay::SignalWatch watch(interruption);
  return static_cast<int>(chosen(interruption));
}

}  // namespace

int main(int argc, char** argv) {
  assay::OpenStandardStreams();
  assay::ExportRunfiles();
  return assay::EndOutput("controller", Run(argc, argv));
}

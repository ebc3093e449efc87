// The controller sends plans to agents, stores their measurements and shows the results.

#include <iostream>

#include "CLI/CLI.hpp"
#include "common/command_line.h"
#include "common/runfiles.h"
#include "common/standard_streams.h"
#include "controller/campaign/interruption.h"
#include "controller/commands/command.h"

namespace {

int Run(int argc, char** argv) {
  CLI::App app("Measures and compares HTTP servers, and checks that each result is valid.",
               "controller");
  app.footer(
      "Example: controller demo\n"
      "         controller measure http://127.0.0.1:8080 --path=/ --connections=64\n"
      "`controller COMMAND --help` describes one command.");
  app.require_subcommand(1);
  assay::controller::Action chosen;
  assay::controller::AddDemoCommand(app, chosen);
  assay::controller::AddRunCommand(app, chosen);
  assay::controller::AddMeasureCommand(app, chosen);
  assay::controller::AddCheckCommand(app, chosen);
  assay::controller::AddResumeCommand(app, chosen);
  assay::controller::AddRerunCommand(app, chosen);
  assay::controller::AddCancelCommand(app, chosen);
  assay::controller::AddDoctorCommand(app, chosen);
  assay::controller::AddAgentsCommand(app, chosen);
  assay::controller::AddListCommand(app, chosen);
  assay::controller::AddShowCommand(app, chosen);
  assay::controller::AddCompareCommand(app, chosen);
  assay::controller::AddHistoryCommand(app, chosen);
  assay::controller::AddReportCommand(app, chosen);
  assay::controller::AddExportCommand(app, chosen);
  assay::controller::AddImportCommand(app, chosen);
  const int parsed = assay::ParseCommandLine(app, argc, argv, std::cout, std::cerr);
  if (parsed != assay::kGoOn) return parsed;
  assay::controller::Interruption interruption;
  const assay::controller::SignalWatch watch(interruption);
  return static_cast<int>(chosen(interruption));
}

}  // namespace

int main(int argc, char** argv) {
  assay::OpenStandardStreams();
  assay::ExportRunfiles();
  return assay::EndOutput("controller", Run(argc, argv));
}

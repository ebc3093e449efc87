// Runs the cases against every target of a catalogue, and prints which targets do what the RFCs demand.

#include <cstdlib>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "agent/catalogue/catalogue.h"
#include "common/command_line.h"
#include "common/file.h"
#include "common/message_text.h"
#include "common/runfiles.h"
#include "common/standard_streams.h"
#include "common/status_macros.h"
#include "targets/contract/running_target.h"
#include "targets/rfc_cases/case_outcome.h"
#include "targets/rfc_cases/case_runner.h"
#include "targets/rfc_cases/case_table.h"

namespace assay::targets {
namespace {

struct Options {
  std::string catalogue;
  std::vector<std::string> targets;
  std::vector<std::string> cases;
  std::string address;
  std::string format = "table";
  double timeout_s = 3;
};

constexpr char kExample[] =
    "Examples:\n"
    "  rfc_cases --target=epoll --target=nginx\n"
    "  rfc_cases --case=host_missing --format=json\n"
    "  rfc_cases --address=127.0.0.1:9000     # a server that is already running\n"
    "\n"
    "A target that does not serve /plaintext, /json, /echo and /healthz fails the cases that use "
    "them.";

int ParseOptions(int argc, char** argv, Options& options) {
  CLI::App app("Checks which rules of HTTP/1.1 each target follows.", "rfc_cases");
  app.add_option("--catalogue", options.catalogue,
                 "catalogue of targets (default: the project's own)");
  app.add_option("--target", options.targets, "target to check, repeatable (default: all)");
  app.add_option("--case", options.cases, "case to run, repeatable (default: all)");
  app.add_option("--address", options.address, "running server to check instead, HOST:PORT");
  app.add_option("--format", options.format, "output format: table or json")
      ->check(CLI::IsMember({"table", "json"}))
      ->capture_default_str();
  app.add_option("--timeout", options.timeout_s,
                 "seconds without a response before a server is reported as waiting")
      ->check(CLI::Range(0.1, 60.0))
      ->capture_default_str();
  app.footer(kExample);
  return ParseCommandLine(app, argc, argv, std::cout, std::cerr);
}

absl::StatusOr<RfcCases> LoadCases(const std::vector<std::string>& wanted) {
  ASSAY_ASSIGN_OR_RETURN(const std::string path, AssayFile("targets/rfc_cases/cases.textproto"));
  ASSAY_ASSIGN_OR_RETURN(const std::string text, ReadFile(path));
  ASSAY_ASSIGN_OR_RETURN(RfcCases all, ParseCases(text, path));
  if (wanted.empty()) return all;
  RfcCases some;
  for (const std::string& name : wanted) {
    const int before = some.cases_size();
    for (const RfcCase& one : all.cases()) {
      if (one.name() == name) *some.add_cases() = one;
    }
    if (some.cases_size() == before) {
      return absl::NotFoundError("unknown case \"" + name + "\"");
    }
  }
  return some;
}

// Runs every case against one server. `target`: null for a server without a catalogue entry.
absl::StatusOr<ServerOutcomes> AskServer(const std::string& name, const std::string& address,
                                         const CatalogueTarget* target, const RfcCases& cases,
                                         absl::Duration timeout) {
  ServerOutcomes server{name, {}};
  for (const RfcCase& one : cases.cases()) {
    const size_t space = one.needs().find(' ');
    if (target != nullptr && space != std::string::npos &&
        agent::NotServedReason(*target, one.needs().substr(0, space),
                               one.needs().substr(space + 1))) {
      server.outcomes.push_back(std::nullopt);
      continue;
    }
    ASSAY_ASSIGN_OR_RETURN(const CaseOutcome outcome, RunCase(address, one, timeout));
    server.outcomes.push_back(outcome);
  }
  return server;
}

absl::StatusOr<std::vector<ServerOutcomes>> AskTargets(const Options& options,
                                                       const RfcCases& cases) {
  const absl::Duration timeout = absl::Seconds(options.timeout_s);
  std::vector<ServerOutcomes> servers;
  if (!options.address.empty()) {
    ASSAY_ASSIGN_OR_RETURN(ServerOutcomes server,
                           AskServer(options.address, options.address, nullptr, cases, timeout));
    servers.push_back(std::move(server));
    return servers;
  }
  ASSAY_ASSIGN_OR_RETURN(const std::string path, options.catalogue.empty()
                                                     ? AssayFile("targets/catalogue.textproto")
                                                     : UserPath(options.catalogue));
  ASSAY_ASSIGN_OR_RETURN(const agent::Catalogue catalogue, agent::Catalogue::Load(path));
  std::vector<std::string> names = options.targets;
  if (names.empty()) {
    for (const CatalogueTarget& target : catalogue.targets()) names.push_back(target.name());
  }
  for (const std::string& name : names) {
    ASSAY_ASSIGN_OR_RETURN(const CatalogueTarget* const target, catalogue.Find(name));
    const auto running = RunningTarget::Start(catalogue, *target);
    if (absl::IsFailedPrecondition(running.status())) {
      std::cerr << "skipped: " << MessageText(running.status()) << "\n";
      continue;
    }
    ASSAY_RETURN_IF_ERROR(running.status());
    ASSAY_ASSIGN_OR_RETURN(ServerOutcomes server,
                           AskServer(name, (*running)->address(), target, cases, timeout));
    servers.push_back(std::move(server));
  }
  return servers;
}

absl::Status Run(const Options& options) {
  ASSAY_ASSIGN_OR_RETURN(const RfcCases cases, LoadCases(options.cases));
  ASSAY_ASSIGN_OR_RETURN(const std::vector<ServerOutcomes> servers, AskTargets(options, cases));
  (options.format == "json" ? PrintJson : PrintTable)(cases, servers, std::cout);
  return absl::OkStatus();
}

int RunProgram(int argc, char** argv) {
  Options options;
  const int exit_status = ParseOptions(argc, argv, options);
  if (exit_status != kGoOn) return exit_status;
  ExportRunfiles();
  const absl::Status status = Run(options);
  if (status.ok()) return EXIT_SUCCESS;
  std::cerr << "rfc_cases: " << MessageText(status) << "\n";
  return EXIT_FAILURE;
}

}  // namespace
}  // namespace assay::targets

int main(int argc, char** argv) {
  assay::OpenStandardStreams();
  return assay::EndOutput("rfc_cases", assay::targets::RunProgram(argc, argv));
}

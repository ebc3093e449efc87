#include "controller/commands/command.h"

#include <cstdlib>
#include <iostream>

#include "CLI/CLI.hpp"
#include "absl/strings/str_cat.h"
#include "common/message_text.h"
#include "common/runfiles.h"
#include "common/status_macros.h"
#include "common/utf8.h"
#include "controller/campaign/agent_pool.h"

namespace assay::controller {

namespace {

void AddWideFlag(CLI::App& command, CommonFlags& flags) {
  command.add_flag("--wide", flags.wide,
                   "Print all columns and whole lines (default: at most 100 characters wide)");
}

}  // namespace

std::string IsName(const std::string& name) {
  return IsUtf8(name) && TerminalText(name) == name
             ? std::string()
             : "a name must be one line of UTF-8 text without control characters; got " +
                   TerminalText(name);
}

TextWidth WidthOf(const CommonFlags& flags) {
  return flags.wide ? TextWidth::kWide : TextWidth::kScreen;
}

void AddStoreFlag(CLI::App& command, CommonFlags& flags) {
  command
      .add_option("--store", flags.store,
                  "SQLite file that stores the campaigns (default: assay/assay.db in "
                  "$XDG_DATA_HOME)")
      ->type_name("PATH");
}

void AddAgentFlags(CLI::App& command, CommonFlags& flags) {
  command
      .add_option("--agents", flags.agents,
                  "Agents to use: the first runs the server, the others send the load; a single "
                  "agent does both (default: a local agent that runs until the command ends)")
      ->delimiter(',')
      ->type_name("HOST:PORT,...");
  const auto add_file = [&](const char* name, std::string& path, const char* what) {
    command.add_option(name, path, what)
        ->transform([](const std::string& written) { return UserPath(written); })
        ->type_name("FILE");
  };
  add_file("--tls-ca", flags.tls.ca,
           "CA certificate that signed the agents' certificates, in PEM format");
  add_file("--tls-cert", flags.tls.certificate, "Certificate of this controller, in PEM format");
  add_file("--tls-key", flags.tls.key, "Private key of --tls-cert, in PEM format");
}

void AddFormatFlag(CLI::App& command, CommonFlags& flags) {
  command
      .add_option("--format", flags.format,
                  "Output format: table for people, json or csv for programs")
      ->check(CLI::IsMember({"table", "json", "csv"}))
      ->type_name("FORMAT");
  AddWideFlag(command, flags);
}

void AddFormatFlagWithoutCsv(CLI::App& command, CommonFlags& flags) {
  command
      .add_option("--format", flags.format, "Output format: table for people, json for programs")
      ->check(CLI::IsMember({"table", "json"}))
      ->type_name("FORMAT");
  AddWideFlag(command, flags);
}

void AddRunFlags(CLI::App& command, CommonFlags& flags) {
  command
      .add_option("--set", flags.overrides,
                  "Override one field of the plan, such as blocks=3 or "
                  "load.closed.connections=64,250; may be repeated")
      ->allow_extra_args(false)
      ->type_name("KEY=VALUE");
  command
      .add_option("--label", flags.label,
                  "Name of the campaign; commands accept it in place of the ID")
      ->check(IsName)
      ->type_name("NAME");
  command.add_flag("--quiet", flags.quiet, "Do not print progress to standard error");
}

absl::StatusOr<std::string> StorePath(const CommonFlags& flags) {
  return flags.store.empty() ? Store::DefaultPath() : UserPath(flags.store);
}

absl::StatusOr<std::unique_ptr<Store>> OpenStore(const CommonFlags& flags, Store::Mode mode) {
  ASSAY_ASSIGN_OR_RETURN(const std::string path, StorePath(flags));
  absl::StatusOr<std::unique_ptr<Store>> store = Store::Open(path, mode);
  // Commands that only read the store do not repeat the warning.
  if (!store.ok() || mode != Store::Mode::kWrite) return store;
  if (const std::string warning = Store::WhoElseReads(path); !warning.empty())
    std::cerr << "controller: warning: " << TerminalText(warning) << std::endl;
  return store;
}

std::vector<std::string> AgentsFor(const CampaignRecord& campaign, const CommonFlags& flags) {
  if (!flags.agents.empty()) return flags.agents;
  std::vector<std::string> addresses;
  for (const AgentRecord& agent : campaign.agents()) {
    if (agent.address() != kLocalAddress) addresses.push_back(agent.address());
  }
  return addresses;
}

ExitStatus Fail(const absl::Status& status) {
  std::cerr << "controller: " << MessageText(status) << std::endl;
  return absl::IsInvalidArgument(status) ? ExitStatus::kBadUsage : ExitStatus::kFailed;
}

ExitStatus FailToRead(const CampaignRecord& campaign, const absl::Status& status) {
  if (!absl::IsInvalidArgument(status)) return Fail(status);
  return Fail(absl::DataLossError(absl::StrCat(
      "cannot read campaign ", campaign.id(), ": its record is damaged: ", status.message(),
      "; restore the store from a copy, or `rerun` the campaign")));
}

ExitStatus FailEach(const std::vector<absl::Status>& statuses) {
  ExitStatus worst = ExitStatus::kDone;
  for (const absl::Status& one : statuses) worst = Fail(one);
  return worst;
}

std::string CommandText(std::string_view arguments) {
  const bool under_bazel = std::getenv("BUILD_WORKSPACE_DIRECTORY") != nullptr;
  return absl::StrCat(under_bazel ? "./bazelw run //controller -- " : "controller ",
                      absl::string_view(arguments.data(), arguments.size()));
}

}  // namespace assay::controller

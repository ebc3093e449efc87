#ifndef ASSAY_CONTROLLER_COMMANDS_COMMAND_H_
#define ASSAY_CONTROLLER_COMMANDS_COMMAND_H_

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "controller/campaign/interruption.h"
#include "controller/clients/agent_client.h"
#include "controller/results/results_text.h"
#include "controller/store/store.h"

namespace assay::controller {

// How every command ends; a contract (docs/operations.md). 3 outranks 4.
enum class ExitStatus {
  kDone = 0,
  kFailed = 1,
  kBadUsage = 2,
  kInvalidResult = 3,
  kThresholdMissed = 4,
};

// Flags that several commands have.
struct CommonFlags {
  // As written: a relative path is the user's.
  std::string store;
  std::vector<std::string> agents;
  // Absolute paths.
  TlsFiles tls;
  std::string format = "table";
  // All columns, whatever the width.
  bool wide = false;
  // "key=value" each.
  std::vector<std::string> overrides;
  std::string label;
  bool quiet = false;
  // Write a report beside the store when the campaign is over, though its plan has no profile.
  bool report = false;
};

// Where the store is: what the flag says, or the user's own.
absl::StatusOr<std::string> StorePath(const CommonFlags& flags);

// What the command line asked for. Set by the parsing of a subcommand, run by main() afterwards.
using Action = std::function<ExitStatus(Interruption&)>;

// Each adds one command to the program, which sets `chosen` when it is given.
void AddDemoCommand(CLI::App& app, Action& chosen);
void AddRunCommand(CLI::App& app, Action& chosen);
void AddMeasureCommand(CLI::App& app, Action& chosen);
void AddCheckCommand(CLI::App& app, Action& chosen);
void AddResumeCommand(CLI::App& app, Action& chosen);
void AddRerunCommand(CLI::App& app, Action& chosen);
void AddCancelCommand(CLI::App& app, Action& chosen);
void AddAgentsCommand(CLI::App& app, Action& chosen);
void AddListCommand(CLI::App& app, Action& chosen);
void AddShowCommand(CLI::App& app, Action& chosen);
void AddReportCommand(CLI::App& app, Action& chosen);
void AddExportCommand(CLI::App& app, Action& chosen);
void AddImportCommand(CLI::App& app, Action& chosen);

// Flags, by what a command does. Each fills its part of `flags`, which must outlive the parsing.
void AddStoreFlag(CLI::App& command, CommonFlags& flags);
void AddAgentFlags(CLI::App& command, CommonFlags& flags);
void AddFormatFlag(CLI::App& command, CommonFlags& flags);
// Where the response is no table of equal rows.
void AddFormatFlagWithoutCsv(CLI::App& command, CommonFlags& flags);
void AddRunFlags(CLI::App& command, CommonFlags& flags);

// How wide text for people is.
TextWidth WidthOf(const CommonFlags& flags);

// Opens the store that the flags name, else the default one.
absl::StatusOr<std::unique_ptr<Store>> OpenStore(const CommonFlags& flags, Store::Mode mode);

// The agents to use for a stored campaign: those that the flags name, else those that it was carried out with. None
// where that was an agent of the command's own.
std::vector<std::string> AgentsFor(const CampaignRecord& campaign, const CommonFlags& flags);

// Says on standard error what went wrong, and which exit status that is: kBadUsage for INVALID_ARGUMENT.
ExitStatus Fail(const absl::Status& status);

// The same where what is stored of a campaign could not be read. It is kFailed whatever the status: what is in the store is
// not what the user typed.
ExitStatus FailToRead(const CampaignRecord& campaign, const absl::Status& status);

// Fail() for each of several, if there are any: kDone where there is none.
ExitStatus FailEach(const std::vector<absl::Status>& statuses);

// How the user would type another command: "./bazelw run //controller -- show 1f3a" under `bazel run`, else
// "controller show 1f3a".
std::string CommandText(std::string_view words);

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_COMMANDS_COMMAND_H_

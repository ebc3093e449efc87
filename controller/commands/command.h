#ifndef ASSAY_CONTROLLER_COMMANDS_COMMAND_H_
#define ASSAY_CONTROLLER_COMMANDS_COMMAND_H_

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "controller/campaign/interruption.h"
#include "controller/clients/agent_client.h"
#include "controller/results/results_text.h"
#include "controller/store/store.h"

namespace CLI {
class App;
}

namespace assay::controller {

// The exit status of every command, a contract with scripts (docs/operations.md). When both 3 and 4 apply, the status
// is 3.
enum class ExitStatus {
  kDone = 0,
  kFailed = 1,
  kBadUsage = 2,
  kInvalidResult = 3,
  kThresholdMissed = 4,
};

// Flags that several commands share.
struct CommonFlags {
  // As the user typed it. A relative path starts in the user's working directory. Empty: the default store.
  std::string store;
  std::vector<std::string> agents;
  // Absolute paths.
  TlsFiles tls;
  std::string format = "table";
  // Print all columns and whole lines, however wide.
  bool wide = false;
  // Each is "key=value".
  std::vector<std::string> overrides;
  std::string label;
  bool quiet = false;
  // Write a report beside the store when the campaign ends, even if the plan has no profile.
  bool report = false;
};

// The path of the store: that of --store, else the user's default store.
absl::StatusOr<std::string> StorePath(const CommonFlags& flags);

// The work that the command line asks for. Parsing a subcommand sets it; main() runs it afterwards.
using Action = std::function<ExitStatus(Interruption&)>;

// Each function adds one command to the program. The command sets `chosen` when the user gives it.
void AddDemoCommand(CLI::App& app, Action& chosen);
void AddRunCommand(CLI::App& app, Action& chosen);
void AddMeasureCommand(CLI::App& app, Action& chosen);
void AddCheckCommand(CLI::App& app, Action& chosen);
void AddResumeCommand(CLI::App& app, Action& chosen);
void AddRerunCommand(CLI::App& app, Action& chosen);
void AddCancelCommand(CLI::App& app, Action& chosen);
void AddDoctorCommand(CLI::App& app, Action& chosen);
void AddAgentsCommand(CLI::App& app, Action& chosen);
void AddListCommand(CLI::App& app, Action& chosen);
void AddShowCommand(CLI::App& app, Action& chosen);
void AddCompareCommand(CLI::App& app, Action& chosen);
void AddHistoryCommand(CLI::App& app, Action& chosen);
void AddReportCommand(CLI::App& app, Action& chosen);
void AddExportCommand(CLI::App& app, Action& chosen);
void AddImportCommand(CLI::App& app, Action& chosen);

// Each function adds a group of flags to a command. Parsing writes them to `flags`, which must outlive the parsing.
void AddStoreFlag(CLI::App& command, CommonFlags& flags);
void AddAgentFlags(CLI::App& command, CommonFlags& flags);
void AddFormatFlag(CLI::App& command, CommonFlags& flags);
// For output that is not one table, and therefore has no CSV form.
void AddFormatFlagWithoutCsv(CLI::App& command, CommonFlags& flags);
void AddRunFlags(CLI::App& command, CommonFlags& flags);

// A check of a flag whose value becomes a label: empty if it is one line of UTF-8 text, else what is wrong.
std::string IsName(const std::string& name);

// The width of text output: unlimited with --wide.
TextWidth WidthOf(const CommonFlags& flags);

// Opens the store that the flags name, else the default one.
absl::StatusOr<std::unique_ptr<Store>> OpenStore(const CommonFlags& flags, Store::Mode mode);

// The addresses of the agents for a stored campaign: those of --agents, else those that ran the campaign. Empty if the
// campaign ran on a local agent of its command.
std::vector<std::string> AgentsFor(const CampaignRecord& campaign, const CommonFlags& flags);

// Prints an error to standard error and returns its exit status: kBadUsage for INVALID_ARGUMENT, else kFailed.
ExitStatus Fail(const absl::Status& status);

// As Fail(), for a stored campaign that cannot be read. Always returns kFailed: the store's content is not the user's
// input.
ExitStatus FailToRead(const CampaignRecord& campaign, const absl::Status& status);

// Calls Fail() for each status. Returns kDone if there is none, else the exit status of the last one.
ExitStatus FailEach(const std::vector<absl::Status>& statuses);

// The command line that runs this program with `arguments`: "./bazelw run //controller -- show 1f3a" under `bazel run`,
// else "controller show 1f3a".
std::string CommandText(std::string_view arguments);

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_COMMANDS_COMMAND_H_

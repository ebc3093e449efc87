// The `import` command: stores results and profiles of other tools.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iostream>
#include <iterator>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "common/file.h"
#include "common/number_text.h"
#include "common/runfiles.h"
#include "common/status_macros.h"
#include "common/utf8.h"
#include "controller/commands/command.h"
#include "controller/import/perf_script_import.h"
#include "controller/import/result_import.h"
#include "controller/plan/cells.h"

namespace assay::controller {
namespace {

struct ImportFlags {
  CommonFlags common;
  std::vector<std::string> files;
  ImportOptions results;
  std::string execution;
  uint32_t frequency_hz = 0;
  std::string event;
};

constexpr size_t kAnySize = size_t{1} << 30;
// A summary has some kilobytes.
constexpr size_t kLongestResult = size_t{64} << 20;

absl::StatusOr<std::string> ReadText(const std::string& file, size_t max_bytes = kAnySize) {
  if (file != "-") return ReadFile(UserPath(file), max_bytes);
  return std::string(std::istreambuf_iterator<char>(std::cin), std::istreambuf_iterator<char>());
}

absl::StatusOr<std::string> ImportProfile(const ImportFlags& flags) {
  ASSAY_ASSIGN_OR_RETURN(const std::unique_ptr<Store> store,
                         OpenStore(flags.common, Store::Mode::kWrite));
  ASSAY_ASSIGN_OR_RETURN(const ExecutionRecord execution, store->ReadExecution(flags.execution));
  if (execution.has_imported()) {
    return absl::FailedPreconditionError(
        absl::StrCat("execution ", execution.id(), " is a result of ", execution.imported().tool(),
                     ", not of Assay: it cannot have a profile"));
  }
  const std::string& file = flags.files.front();
  ASSAY_ASSIGN_OR_RETURN(const std::string text, ReadText(file));
  ASSAY_ASSIGN_OR_RETURN(const ImportedProfile imported,
                         ImportPerfScript(text, file == "-" ? "standard input" : file,
                                          flags.frequency_hz, execution, flags.event));
  ASSAY_RETURN_IF_ERROR(store->AttachProfile(execution.id(), imported.info, imported.chunks));
  const std::string done =
      absl::StrCat(CountText(imported.info.samples(), "sample"), " of ", imported.info.event(),
                   " stored as the profile of execution ", execution.id(), " (",
                   execution.cell().target(), ", block ", execution.block(), ")");
  return absl::StrCat(TerminalText(done), "\n",
                      CommandText(absl::StrCat("report ", execution.campaign_id())),
                      " shows the profile\n");
}

absl::StatusOr<std::string> ImportToolResults(const ImportFlags& flags) {
  std::vector<ImportedFile> files;
  for (const std::string& file : flags.files) {
    ASSAY_ASSIGN_OR_RETURN(std::string text, ReadText(file, kLongestResult));
    files.push_back({file, std::move(text)});
  }
  // Reads every file before it opens the store, which it may create.
  ASSAY_ASSIGN_OR_RETURN(const ImportedCampaign imported,
                         ImportResults(files, flags.results, absl::ToUnixMicros(absl::Now())));
  ASSAY_ASSIGN_OR_RETURN(const std::unique_ptr<Store> store,
                         OpenStore(flags.common, Store::Mode::kWrite));
  ASSAY_RETURN_IF_ERROR(store->CreateCampaign(imported.campaign));
  std::string done;
  for (const ExecutionRecord& execution : imported.executions) {
    ASSAY_RETURN_IF_ERROR(store->CommitExecution(execution, {}, {}));
    const std::string& file = execution.imported().file();
    absl::StrAppend(&done,
                    TerminalText(absl::StrCat(file.empty() ? "standard input" : file, ": ",
                                              CellText(execution.cell()), ", imported from ",
                                              execution.imported().tool())),
                    "\n");
  }
  return absl::StrCat(done, "stored as campaign ", imported.campaign.id(), "\n",
                      CommandText(absl::StrCat("show ", imported.campaign.id())),
                      " shows the figures\n");
}

absl::Status CheckFlags(const ImportFlags& flags) {
  const bool profile = !flags.execution.empty();
  if (profile && flags.files.size() > 1) {
    return absl::InvalidArgumentError("--execution takes one FILE: the output of `perf script`");
  }
  if (std::count(flags.files.begin(), flags.files.end(), "-") > 1)
    return absl::InvalidArgumentError("- stands for standard input and can be given only once");
  const ImportOptions& results = flags.results;
  if (profile && (!results.target.empty() || !results.workload.empty() || !results.label.empty() ||
                  results.connections > 0)) {
    return absl::InvalidArgumentError(
        "--target, --workload, --connections and --label describe results; with --execution, FILE "
        "is a profile");
  }
  if (!profile && (flags.frequency_hz > 0 || !flags.event.empty())) {
    return absl::InvalidArgumentError(
        "--frequency and --event describe a profile: pass the --execution that it belongs to");
  }
  return absl::OkStatus();
}

ExitStatus Import(const ImportFlags& flags) {
  if (const absl::Status valid = CheckFlags(flags); !valid.ok()) return Fail(valid);
  const absl::StatusOr<std::string> done =
      flags.execution.empty() ? ImportToolResults(flags) : ImportProfile(flags);
  if (!done.ok()) return Fail(done.status());
  std::cout << *done << std::flush;
  return ExitStatus::kDone;
}

}  // namespace

void AddImportCommand(CLI::App& app, Action& chosen) {
  CLI::App* command = app.add_subcommand(
      "import",
      "Store results of other load generators as a campaign, or the output of `perf script` as the "
      "profile of one execution");
  command->footer(
      "Results are recognised by their content: text of wrk, wrk2, h2load, hey and oha; JSON of "
      "oha,\nk6 (--summary-export) and Fortio. What a tool did not report is shown as n/a.\n"
      "Example: wrk --latency http://127.0.0.1:8080/ | controller import - --target=nginx\n"
      "         controller import epoll.txt hyper.txt --label=wrk\n"
      "         perf script | controller import - --execution=9f3ac2d1e0b44c7a\n"
      "`controller show ID --format=json` lists the IDs of the executions.");
  auto flags = std::make_shared<ImportFlags>();
  command
      ->add_option("FILE", flags->files,
                   "Results of other tools, one per file, or the output of `perf script`; - reads "
                   "standard input")
      ->required();
  command
      ->add_option("--target", flags->results.target,
                   "Results: label of the measured server (default: the name of the file without "
                   "its extension)")
      ->check(IsName)
      ->type_name("NAME");
  command
      ->add_option("--workload", flags->results.workload,
                   "Results: name of the request (default: the path of the URL, if the output has "
                   "it)")
      ->check(IsName)
      ->type_name("NAME");
  command
      ->add_option("--connections", flags->results.connections,
                   "Results: number of connections, if the output does not have it")
      ->check(CLI::Range(1, 1'000'000).description(""));
  command->add_option("--label", flags->results.label, "Results: name of the campaign")
      ->check(IsName)
      ->type_name("NAME");
  command->add_option("--execution", flags->execution,
                      "Profile: ID of the execution that perf recorded; it must not have a profile "
                      "yet");
  command
      ->add_option("--frequency", flags->frequency_hz,
                   "Profile: sampling frequency of perf (its flag -F), in samples per second; "
                   "needed if the event "
                   "does not count time")
      ->check(CLI::Range(1, 100000).description(""));
  command->add_option("--event", flags->event,
                      "Profile: event to import if perf recorded several, such as cpu_core/cycles/ "
                      "(default: the clock "
                      "event, else the cycles event with the highest count)");
  AddStoreFlag(*command, flags->common);
  command->callback(
      [flags, &chosen] { chosen = [flags](Interruption&) { return Import(*flags); }; });
}

}  // namespace assay::controller

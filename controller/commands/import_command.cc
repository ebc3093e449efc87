// The `import` command: stores profiles that other tools recorded.

#include <cstdint>
#include <iostream>
#include <iterator>
#include <memory>
#include <string>

#include "CLI/CLI.hpp"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "common/file.h"
#include "common/number_text.h"
#include "common/runfiles.h"
#include "common/status_macros.h"
#include "common/utf8.h"
#include "controller/commands/command.h"
#include "controller/import/perf_script_import.h"

namespace assay::controller {
namespace {

struct ImportFlags {
  CommonFlags common;
  std::string file;
  std::string execution;
  uint32_t frequency_hz = 0;
  std::string event;
};

absl::StatusOr<std::string> ReadText(const std::string& file) {
  if (file != "-") return ReadFile(UserPath(file));
  return std::string(std::istreambuf_iterator<char>(std::cin), std::istreambuf_iterator<char>());
}

absl::StatusOr<std::string> ImportProfile(const ImportFlags& flags) {
  ASSAY_ASSIGN_OR_RETURN(const std::unique_ptr<Store> store,
                         OpenStore(flags.common, Store::Mode::kWrite));
  ASSAY_ASSIGN_OR_RETURN(const ExecutionRecord execution, store->ReadExecution(flags.execution));
  ASSAY_ASSIGN_OR_RETURN(const std::string text, ReadText(flags.file));
  ASSAY_ASSIGN_OR_RETURN(const ImportedProfile imported,
                         ImportPerfScript(text, flags.file == "-" ? "standard input" : flags.file,
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

ExitStatus Import(const ImportFlags& flags) {
  const absl::StatusOr<std::string> done = ImportProfile(flags);
  if (!done.ok()) return Fail(done.status());
  std::cout << *done << std::flush;
  return ExitStatus::kDone;
}

}  // namespace

void AddImportCommand(CLI::App& app, Action& chosen) {
  CLI::App* command = app.add_subcommand(
      "import", "Store the output of `perf script` as the profile of one execution");
  command->footer(
      "Example: perf script | controller import - --execution=9f3ac2d1e0b44c7a\n"
      "`controller show ID --format=json` lists the IDs of the executions.");
  auto flags = std::make_shared<ImportFlags>();
  command->add_option("FILE", flags->file, "Output of `perf script`; - reads standard input")
      ->required();
  command
      ->add_option("--execution", flags->execution,
                   "ID of the execution that perf recorded; it must not have a profile yet")
      ->required();
  command
      ->add_option(
          "--frequency", flags->frequency_hz,
          "Sampling frequency of perf (its flag -F), in samples per second; needed if the event "
          "does not count time")
      ->check(CLI::Range(1, 100000).description(""));
  command->add_option(
      "--event", flags->event,
      "Event to import if perf recorded several, such as cpu_core/cycles/ (default: the clock "
      "event, else the cycles event with the highest count)");
  AddStoreFlag(*command, flags->common);
  command->callback(
      [flags, &chosen] { chosen = [flags](Interruption&) { return Import(*flags); }; });
}

}  // namespace assay::controller

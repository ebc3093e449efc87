// import: what other tools measured, beside Assay's own.

#include <cstdint>
#include <iostream>
#include <iterator>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "common/file.h"
#include "common/runfiles.h"
#include "common/status_macros.h"
#include "common/utf8.h"
#include "controller/commands/command.h"
#include "controller/import/perf_script_import.h"

namespace assay::controller {
namespace {

struct ImportFlags {
  CommonFlags flags;
  std::string file;
  std::string execution;
  uint32_t frequency_hz = 0;
  std::string event;
};

absl::StatusOr<std::string> ReadText(const std::string& file) {
  if (file != "-") return ReadFile(UserPath(file));
  return std::string(std::istreambuf_iterator<char>(std::cin), std::istreambuf_iterator<char>());
}

absl::StatusOr<std::string> ImportProfile(const ImportFlags& words) {
  ASSAY_ASSIGN_OR_RETURN(const std::unique_ptr<Store> store,
                         OpenStore(words.flags, Store::Mode::kWrite));
  ASSAY_ASSIGN_OR_RETURN(const ExecutionRecord execution, store->ReadExecution(words.execution));
  ASSAY_ASSIGN_OR_RETURN(const std::string text, ReadText(words.file));
  ASSAY_ASSIGN_OR_RETURN(const ImportedProfile imported,
                         ImportPerfScript(text, words.file == "-" ? "standard input" : words.file,
                                          words.frequency_hz, execution, words.event));
  ASSAY_RETURN_IF_ERROR(store->AttachProfile(execution.id(), imported.info, imported.chunks));
  const std::string done =
      absl::StrCat(imported.info.samples(), " samples of ", imported.info.event(),
                   " are now the profile of execution ", execution.id(), " (",
                   execution.cell().target(), ", block ", execution.block(), ")");
  return absl::StrCat(TerminalText(done), "\n",
                      CommandText(absl::StrCat("report ", execution.campaign_id())),
                      " shows them\n");
}

ExitStatus Import(const ImportFlags& words) {
  const absl::StatusOr<std::string> done = ImportProfile(words);
  if (!done.ok()) return Fail(done.status());
  std::cout << *done << std::flush;
  return ExitStatus::kDone;
}

}  // namespace

void AddImportCommand(CLI::App& app, Action& chosen) {
  CLI::App* command = app.add_subcommand(
      "import", "What another tool measured: the output of `perf script` as a run's profile");
  command->footer(
      "Example: perf script | controller import - --execution=9f3ac2d1e0b44c7a\n"
      "`show ID --format=json` names the executions.");
  auto words = std::make_shared<ImportFlags>();
  command->add_option("FILE", words->file, "The text that perf script printed; -: standard input")
      ->required();
  command
      ->add_option("--execution", words->execution,
                   "The run that perf watched; one without a profile of Assay's own")
      ->required();
  command
      ->add_option(
          "--frequency", words->frequency_hz,
          "Samples a second that perf was told to take (-F), where its event is not a time")
      ->check(CLI::Range(1, 100000).description(""));
  command->add_option(
      "--event", words->event,
      "The event to take, such as cpu_core/cycles/, where perf recorded several [the "
      "clock, else the cycles of which most were counted]");
  AddStoreFlag(*command, words->flags);
  command->callback(
      [words, &chosen] { chosen = [words](Interruption&) { return Import(*words); }; });
}

}  // namespace assay::controller

// The command `history`, which shows one cell over the campaigns of a store.

#include <iostream>
#include <memory>
#include <string>

#include "CLI/CLI.hpp"
#include "absl/status/statusor.h"
#include "common/json_text.h"
#include "common/utf8.h"
#include "controller/commands/command.h"
#include "controller/gates/gate_keeper.h"
#include "controller/history/cell_history.h"
#include "controller/history/history_output.h"
#include "nlohmann/json.hpp"

namespace assay::controller {
namespace {

struct HistoryFlags {
  CommonFlags common;
  CellQuery query;
};

ExitStatus History(const HistoryFlags& flags) {
  const absl::StatusOr<std::unique_ptr<Store>> store = OpenStore(flags.common, Store::Mode::kRead);
  if (!store.ok()) return Fail(store.status());
  const absl::StatusOr<GateRules> rules = LoadGateRules();
  if (!rules.ok()) return Fail(rules.status());
  const absl::StatusOr<CellHistory> history = ReadHistory(**store, *rules, flags.query);
  if (!history.ok()) return Fail(history.status());
  if (flags.common.format == "json") {
    std::cout << JsonText(ToJson(*history), 2) << std::endl;
  } else if (flags.common.format == "csv") {
    std::cout << ToCsv(*history) << std::flush;
  } else {
    std::cout << TerminalLines(ToText(*history, WidthOf(flags.common))) << std::flush;
  }
  return FailEach(history->damaged);
}

}  // namespace

void AddHistoryCommand(CLI::App& app, Action& chosen) {
  CLI::App* command = app.add_subcommand(
      "history",
      "Show one cell over the stored campaigns: its figure in each, the change from one to the "
      "next, steps, and what changed on the hosts");
  command->footer(
      "Example: controller history --target=epoll --workload=json --level=64\n"
      "         controller history --target=epoll --level=20000/s --metric=p99_us --format=csv");
  auto flags = std::make_shared<HistoryFlags>();
  CellQuery& query = flags->query;
  command->add_option("--target", query.target, "Label of the target")->type_name("NAME");
  command->add_option("--workload", query.workload, "Name of the workload")->type_name("NAME");
  command
      ->add_option("--level", query.level,
                   "Load level: a number of connections, such as 64, or a rate, such as 20000/s")
      ->type_name("LEVEL");
  command
      ->add_option("--metric", query.metric,
                   "Metric, as in the thresholds of a plan (default: the primary metric of the "
                   "newest campaign with the cell)")
      ->type_name("NAME");
  AddStoreFlag(*command, flags->common);
  AddFormatFlag(*command, flags->common);
  command->callback(
      [flags, &chosen] { chosen = [flags](Interruption&) { return History(*flags); }; });
}

}  // namespace assay::controller

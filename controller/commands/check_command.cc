// The `check` command: prints the schedule and the estimated duration of a plan. It changes nothing.

#include <algorithm>
#include <iostream>
#include <memory>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "common/json_text.h"
#include "common/number_text.h"
#include "common/runfiles.h"
#include "common/utf8.h"
#include "controller/campaign/agent_pool.h"
#include "controller/campaign/plan_fit.h"
#include "controller/commands/command.h"
#include "controller/plan/capacity_search.h"
#include "controller/plan/cells.h"
#include "controller/plan/plan_loader.h"
#include "controller/plan/plan_rules.h"
#include "controller/plan/verdict_family.h"
#include "controller/results/capacity.h"
#include "nlohmann/json.hpp"

namespace assay::controller {
namespace {

struct CheckFlags {
  CommonFlags common;
  std::string plan;
};

// A valid plan, and the executions that these agents would make of it.
struct CheckedPlan {
  Plan plan;
  std::vector<SkippedTarget> skipped;
  std::vector<ScheduledExecution> schedule;
  CampaignLength length;
};

// How many executions the searches make at most, or how many executions the schedule has.
size_t MostExecutions(const CheckedPlan& checked) {
  if (!checked.plan.load().has_find()) return checked.schedule.size();
  const SearchRules rules = SearchRulesOf(checked.plan);
  return checked.schedule.size() *
         static_cast<size_t>(rules.most_probes + rules.most_confirmations);
}

// What a search does, in one line.
std::string SearchText(const CheckedPlan& checked) {
  const FindCapacity& find = checked.plan.load().find();
  const SearchRules rules = SearchRulesOf(checked.plan);
  return absl::StrCat(
      "each search finds the highest rate from ", NumberText(rules.lowest_rate), "/s on with ",
      ObjectiveText(find), ", in at most ", rules.most_probes, " probes of ",
      absl::FormatDuration(ProbeLengthOf(find)), " and ", rules.most_confirmations,
      " full-length executions of ", NumberText(find.duration().seconds()),
      "s; all searches together make at most ", MostExecutions(checked), " executions\n");
}

std::string LengthText(const CheckedPlan& checked) {
  const CampaignLength& length = checked.length;
  const auto seconds = [](absl::Duration duration) {
    return absl::FormatDuration(absl::Ceil(duration, absl::Seconds(1)));
  };
  std::string text = absl::StrCat(
      checked.plan.load().has_find() ? "longest duration: " : "estimated duration: ",
      seconds(length.total), ", including ", seconds(length.measuring), " of measuring");
  if (length.guessed) {
    absl::StrAppend(&text,
                    "; a guess, because a number of requests bounds the windows, not a time");
  }
  if (checked.plan.load().has_find()) {
    absl::StrAppend(&text,
                    ", if every search makes as many executions as it may; most make fewer than "
                    "half of them");
  }
  return text + "\n";
}

void PrintText(const CheckedPlan& checked, TextWidth width) {
  std::ostringstream text;
  const Plan& plan = checked.plan;
  text << TerminalText(plan.name()) << ": " << checked.schedule.size()
       << (plan.load().has_find() ? " searches in " : " executions in ") << plan.blocks()
       << " blocks, seed " << plan.seed()
       << (plan.design() == Plan::INTERLEAVED ? ", interleaved" : ", one after the other") << "\n";
  // The schedule is sorted by block.
  auto next = checked.schedule.begin();
  for (uint32_t block = 0; block < plan.blocks(); ++block) {
    std::vector<std::string> units;
    while (next != checked.schedule.end() && next->block == block) {
      const uint32_t unit = next->unit;
      std::vector<std::string> cells;
      for (; next != checked.schedule.end() && next->block == block && next->unit == unit; ++next) {
        cells.push_back(TerminalText(CellText(next->cell)));
      }
      // Executions that take turns are joined.
      units.push_back(absl::StrJoin(cells, " + "));
    }
    text << "  block " << block + 1 << ": " << absl::StrJoin(units, ", ") << "\n";
  }
  for (const SkippedTarget& one : checked.skipped) {
    text << TerminalText(absl::StrCat("skipped: ", one.target(), one.workload().empty() ? "" : " ",
                                      one.workload(), ": ", one.reason()))
         << "\n";
  }
  if (plan.load().has_find()) text << SearchText(checked);
  text << LengthText(checked);
  if (const Decidability verdict = DecidabilityOf(plan); verdict.why_not.has_value()) {
    text << "this plan cannot give a verdict: " << *verdict.why_not << "\n";
  }
  std::cout << Fitted(text.str(), width) << std::flush;
}

void PrintJson(const CheckedPlan& checked) {
  nlohmann::ordered_json json;
  json["plan"] = checked.plan.name();
  // The most that searches make.
  json["executions"] = MostExecutions(checked);
  json["searches"] = checked.plan.load().has_find() ? checked.schedule.size() : 0;
  json["blocks"] = checked.plan.blocks();
  json["design"] = checked.plan.design() == Plan::INTERLEAVED ? "interleaved" : "sequential";
  json["measuring_s"] = absl::ToDoubleSeconds(checked.length.measuring);
  json["total_s"] = absl::ToDoubleSeconds(checked.length.total);
  json["guessed"] = checked.length.guessed;
  const Decidability verdict = DecidabilityOf(checked.plan);
  json["comparisons"] = verdict.comparisons;
  json["blocks_for_verdict"] = verdict.blocks_needed;
  json["cannot_decide"] = nullptr;
  if (verdict.why_not.has_value()) json["cannot_decide"] = *verdict.why_not;
  json["schedule"] = nlohmann::ordered_json::array();
  for (const ScheduledExecution& one : checked.schedule) {
    json["schedule"].push_back({{"block", one.block},
                                {"position", one.position},
                                {"unit", one.unit},
                                {"cell", CellText(one.cell)}});
  }
  json["skipped"] = nlohmann::ordered_json::array();
  for (const SkippedTarget& one : checked.skipped) {
    json["skipped"].push_back(
        {{"target", one.target()}, {"workload", one.workload()}, {"reason", one.reason()}});
  }
  std::cout << JsonText(json, 2) << std::endl;
}

ExitStatus Check(const CheckFlags& flags, Interruption& interruption) {
  absl::StatusOr<LoadedPlan> loaded = LoadPlan(UserPath(flags.plan), flags.common.overrides);
  if (!loaded.ok()) return Fail(loaded.status());
  if (const absl::Status valid = Validate(*loaded); !valid.ok()) return Fail(valid);
  CheckedPlan checked;
  checked.plan = WithDefaults(std::move(loaded->plan));
  const absl::StatusOr<std::unique_ptr<AgentPool>> pool =
      AgentPool::Connect(flags.common.agents, flags.common.tls, &interruption);
  if (!pool.ok()) return Fail(pool.status());
  absl::StatusOr<std::vector<SkippedTarget>> skipped = FitToAgents(checked.plan, **pool);
  if (!skipped.ok()) return Fail(skipped.status());
  checked.skipped = *std::move(skipped);
  const SkippedCells skipped_cells(checked.skipped);
  for (ScheduledExecution& one : ScheduleOf(checked.plan)) {
    if (!skipped_cells.Contains(one.cell)) checked.schedule.push_back(std::move(one));
  }
  checked.length = LengthOf(checked.plan, static_cast<int>(checked.schedule.size()));
  if (flags.common.format == "json") {
    PrintJson(checked);
  } else {
    PrintText(checked, WidthOf(flags.common));
  }
  return ExitStatus::kDone;
}

}  // namespace

void AddCheckCommand(CLI::App& app, Action& chosen) {
  CLI::App* command = app.add_subcommand(
      "check", "Validate a plan, and print its schedule and its estimated duration");
  command->footer(
      "Example: controller check plans/c_vs_rust.textproto --set blocks=10\n"
      "Starts no server, sends no load and stores nothing.");
  auto flags = std::make_shared<CheckFlags>();
  command->add_option("PLAN", flags->plan, "Plan file: *.textproto or *.json (docs/plans.md)")
      ->required();
  AddAgentFlags(*command, flags->common);
  AddFormatFlagWithoutCsv(*command, flags->common);
  command
      ->add_option("--set", flags->common.overrides,
                   "Override one field of the plan, such as blocks=3; may be repeated")
      ->allow_extra_args(false)
      ->type_name("KEY=VALUE");
  command->callback([flags, &chosen] {
    chosen = [flags](Interruption& interruption) { return Check(*flags, interruption); };
  });
}

}  // namespace assay::controller

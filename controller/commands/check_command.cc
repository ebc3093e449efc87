// The `check` command: prints the schedule and the estimated duration of a plan, and whether it can decide. It changes
// nothing that is stored.

#include <algorithm>
#include <iostream>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "common/json_text.h"
#include "common/message_text.h"
#include "common/number_text.h"
#include "common/runfiles.h"
#include "common/status_macros.h"
#include "common/utf8.h"
#include "controller/campaign/agent_pool.h"
#include "controller/campaign/plan_fit.h"
#include "controller/campaign/progress.h"
#include "controller/commands/command.h"
#include "controller/gates/gate_keeper.h"
#include "controller/pilot/forecast_output.h"
#include "controller/pilot/pilot_plan.h"
#include "controller/pilot/pilot_run.h"
#include "controller/pilot/plan_forecast.h"
#include "controller/pilot/spread_history.h"
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
  bool pilot = false;
};

// A valid plan, and the executions that these agents would make of it.
struct CheckedPlan {
  Plan plan;
  // As in DefaultedPlan.
  std::string why_sequential;
  std::vector<SkippedTarget> skipped;
  std::vector<ScheduledExecution> schedule;
  CampaignLength length;
  // From a pilot or from the store; not set if the plan wants no verdict, or if nothing is known.
  std::optional<PlanForecast> forecast;
  // Without a pilot: why the store says nothing about the plan, or not from its newest campaigns.
  std::vector<std::string> notes;

  // Why the plan is refused, in lines; empty if it is not.
  std::vector<std::string> refusal() const {
    return forecast.has_value() ? RefusalOf(*forecast) : std::vector<std::string>();
  }
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
  text << TerminalText(plan.name()) << ": "
       << CountText(checked.schedule.size(), plan.load().has_find() ? "search" : "execution",
                    plan.load().has_find() ? "searches" : "executions")
       << " in " << CountText(plan.blocks(), "block") << ", seed " << plan.seed()
       << (plan.design() == Plan::INTERLEAVED ? ", interleaved" : ", one after the other") << "\n";
  if (!checked.why_sequential.empty()) text << TerminalText(checked.why_sequential) << "\n";
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
  if (checked.forecast.has_value()) text << TerminalLines(ToText(*checked.forecast));
  for (const std::string& note : checked.notes) text << TerminalText(note) << "\n";
  const Decidability verdict = DecidabilityOf(plan);
  if (verdict.why_not.has_value() && checked.refusal().empty()) {
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
  json["why_sequential"] = nullptr;
  if (!checked.why_sequential.empty()) json["why_sequential"] = checked.why_sequential;
  json["measuring_s"] = absl::ToDoubleSeconds(checked.length.measuring);
  json["total_s"] = absl::ToDoubleSeconds(checked.length.total);
  json["guessed"] = checked.length.guessed;
  const Decidability verdict = DecidabilityOf(checked.plan);
  json["comparisons"] = verdict.comparisons;
  json["blocks_for_verdict"] = verdict.blocks_needed;
  json["cannot_decide"] = nullptr;
  if (verdict.why_not.has_value()) json["cannot_decide"] = *verdict.why_not;
  const std::vector<std::string> refusal = checked.refusal();
  if (!refusal.empty()) json["cannot_decide"] = absl::StrJoin(refusal, "\n");
  json["forecast"] =
      checked.forecast.has_value() ? ToJson(*checked.forecast) : nlohmann::ordered_json();
  json["notes"] = checked.notes;
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

int ExecutionsPerBlock(const CheckedPlan& checked) {
  return static_cast<int>(checked.schedule.size() / std::max(1U, checked.plan.blocks()));
}

// Runs the pilot. Says beforehand how long it takes.
absl::Status ForecastFromPilot(const CheckFlags& flags, AgentPool& pool, const GateRules& rules,
                               Interruption& interruption, CheckedPlan& checked) {
  if (!flags.common.quiet) {
    const Plan pilot = PilotPlanOf(checked.plan);
    const CampaignLength length =
        LengthOf(pilot, static_cast<int>(CellsOf(pilot).size() * pilot.blocks()));
    std::cerr << "pilot: " << pilot.blocks() << " blocks, about "
              << absl::FormatDuration(absl::Ceil(length.total, absl::Seconds(1)))
              << "; nothing is stored" << std::endl;
  }
  ASSAY_ASSIGN_OR_RETURN(std::vector<MeasuredSpread> spreads,
                         RunPilot(checked.plan, checked.skipped, pool, rules, interruption,
                                  Progress::StyleFor(flags.common.quiet)));
  checked.forecast = ForecastOf(checked.plan, ExecutionsPerBlock(checked), std::move(spreads));
  return absl::OkStatus();
}

// Asks the store. A store that cannot be read is no reason to refuse a plan.
void ForecastFromStore(const CheckFlags& flags, const AgentPool& pool, const GateRules& rules,
                       CheckedPlan& checked) {
  const std::string try_pilot =
      "; `check --pilot` measures for about a minute how much the blocks vary, and says what this "
      "plan can decide";
  absl::StatusOr<std::unique_ptr<Store>> store = OpenStore(flags.common, Store::Mode::kRead);
  if (!store.ok()) {
    checked.notes.push_back(absl::StrCat(
        absl::IsNotFound(store.status())
            ? "there is no store with earlier campaigns"
            : absl::StrCat("earlier campaigns cannot be read: ", store.status().message()),
        try_pilot));
    return;
  }
  std::vector<AgentRecord> agents;
  for (const PoolMember& member : pool.members()) agents.push_back(member.record);
  absl::StatusOr<SpreadHistory> history =
      ReadSpreadHistory(**store, rules, checked.plan, checked.skipped, agents);
  if (!history.ok()) {
    checked.notes.push_back(
        absl::StrCat("earlier campaigns cannot be read: ", history.status().message(), try_pilot));
    return;
  }
  checked.notes = std::move(history->passed_over);
  if (history->empty()) {
    checked.notes.push_back(absl::StrCat(
        "the store has no comparable campaign of these targets on this host", try_pilot));
    return;
  }
  checked.forecast =
      ForecastOf(checked.plan, ExecutionsPerBlock(checked), std::move(history->spreads));
}

// Sets what the plan can decide, if it wants a verdict.
absl::Status SetForecast(const CheckFlags& flags, AgentPool& pool, Interruption& interruption,
                         CheckedPlan& checked) {
  if (const auto why_not = WhyNoForecast(checked.plan, checked.skipped); why_not.has_value()) {
    if (!flags.pilot) return absl::OkStatus();
    return absl::InvalidArgumentError(absl::StrCat(
        "--pilot: this plan cannot be judged by a pilot: ", *why_not, "; remove --pilot"));
  }
  ASSAY_ASSIGN_OR_RETURN(const GateRules rules, LoadGateRules());
  if (flags.pilot) return ForecastFromPilot(flags, pool, rules, interruption, checked);
  ForecastFromStore(flags, pool, rules, checked);
  return absl::OkStatus();
}

ExitStatus Check(const CheckFlags& flags, Interruption& interruption) {
  absl::StatusOr<LoadedPlan> loaded = LoadPlan(UserPath(flags.plan), flags.common.overrides);
  if (!loaded.ok()) return Fail(loaded.status());
  if (const absl::Status valid = Validate(*loaded); !valid.ok()) return Fail(valid);
  const absl::StatusOr<std::unique_ptr<AgentPool>> pool =
      AgentPool::Connect(flags.common.agents, flags.common.tls, &interruption);
  if (!pool.ok()) return Fail(pool.status());
  DefaultedPlan defaulted = WithDefaultsFor(loaded->plan, **pool);
  CheckedPlan checked;
  checked.plan = std::move(defaulted.plan);
  checked.why_sequential = std::move(defaulted.why_sequential);
  absl::StatusOr<std::vector<SkippedTarget>> skipped = FitToAgents(checked.plan, **pool);
  if (!skipped.ok()) return Fail(skipped.status());
  checked.skipped = *std::move(skipped);
  const SkippedCells skipped_cells(checked.skipped);
  for (ScheduledExecution& one : ScheduleOf(checked.plan)) {
    if (!skipped_cells.Contains(one.cell)) checked.schedule.push_back(std::move(one));
  }
  checked.length = LengthOf(checked.plan, static_cast<int>(checked.schedule.size()));
  const absl::Status forecast = SetForecast(flags, **pool, interruption, checked);
  if (!forecast.ok()) return Fail(forecast);
  if (flags.common.format == "json") {
    PrintJson(checked);
  } else {
    PrintText(checked, WidthOf(flags.common));
  }
  const std::vector<std::string> refusal = checked.refusal();
  if (!refusal.empty()) return Fail(StatusOfLines(absl::StatusCode::kInvalidArgument, refusal));
  return ExitStatus::kDone;
}

}  // namespace

void AddCheckCommand(CLI::App& app, Action& chosen) {
  CLI::App* command = app.add_subcommand(
      "check",
      "Validate a plan, and print its schedule, its estimated duration and what it can decide");
  command->footer(
      "Example: controller check plans/c_vs_rust.textproto --set blocks=10\n"
      "         controller check my.textproto --pilot\n"
      "Stores nothing. Starts no server and sends no load without --pilot. A plan that cannot give "
      "the verdict it asks for, judged by a pilot or by earlier campaigns, is refused with status "
      "2.");
  auto flags = std::make_shared<CheckFlags>();
  command->add_option("PLAN", flags->plan, "Plan file: *.textproto or *.json (docs/plans.md)")
      ->required();
  command->add_flag(
      "--pilot", flags->pilot,
      "Measure for about a minute how much the blocks of this plan vary, without storing it "
      "(default: earlier campaigns of the store say so)");
  AddStoreFlag(*command, flags->common);
  AddAgentFlags(*command, flags->common);
  AddFormatFlagWithoutCsv(*command, flags->common);
  command
      ->add_option("--set", flags->common.overrides,
                   "Override one field of the plan, such as blocks=3; may be repeated")
      ->allow_extra_args(false)
      ->type_name("KEY=VALUE");
  command->add_flag("--quiet", flags->common.quiet,
                    "Do not print the pilot's progress to standard error");
  command->callback([flags, &chosen] {
    chosen = [flags](Interruption& interruption) { return Check(*flags, interruption); };
  });
}

}  // namespace assay::controller

#include "controller/commands/measuring.h"

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/status_macros.h"
#include "common/utf8.h"
#include "controller/campaign/agent_pool.h"
#include "controller/campaign/campaign_runner.h"
#include "controller/campaign/plan_fit.h"
#include "controller/campaign/progress.h"
#include "controller/commands/reporting.h"
#include "controller/gates/gate_keeper.h"
#include "controller/plan/plan_rules.h"
#include "controller/report/profile_section.h"
#include "controller/results/campaign_results.h"
#include "controller/results/difference_breakdown.h"
#include "controller/results/imported_results.h"
#include "controller/results/profile_json.h"
#include "controller/results/profile_results.h"
#include "controller/results/results_json.h"
#include "controller/results/results_text.h"
#include "controller/results/text_table.h"
#include "controller/verdict/campaign_verdict.h"
#include "controller/verdict/verdict_json.h"
#include "controller/verdict/verdict_text.h"
#include "nlohmann/json.hpp"

namespace assay::controller {
namespace {

// What a campaign needs to run.
struct Bench {
  std::unique_ptr<Store> store;
  std::unique_ptr<AgentPool> pool;
  std::unique_ptr<GateRules> rules;
};

// Sets up everything except the agents.
absl::StatusOr<Bench> SetUp(const CommonFlags& flags) {
  Bench bench;
  ASSAY_ASSIGN_OR_RETURN(GateRules rules, LoadGateRules());
  bench.rules = std::make_unique<GateRules>(std::move(rules));
  ASSAY_ASSIGN_OR_RETURN(bench.store, OpenStore(flags, Store::Mode::kWrite));
  return bench;
}

absl::Status ConnectAgents(const std::vector<std::string>& addresses, const CommonFlags& flags,
                           Interruption& interruption, Bench& bench) {
  ASSAY_ASSIGN_OR_RETURN(bench.pool, AgentPool::Connect(addresses, flags.tls, &interruption));
  return absl::OkStatus();
}

ExitStatus StatusOf(const CampaignResults& results) {
  if (results.invalid()) return ExitStatus::kInvalidResult;
  const std::vector<ThresholdResult> thresholds = JudgeThresholds(results);
  const bool missed = std::any_of(thresholds.begin(), thresholds.end(),
                                  [](const ThresholdResult& one) { return !one.met; });
  return missed ? ExitStatus::kThresholdMissed : ExitStatus::kDone;
}

// The verdict for people: the sentences and a drawing of the intervals.
void PrintVerdict(const CampaignVerdict& verdict, const CommonFlags& flags) {
  std::cout << TerminalLines(SentencesText(verdict, WidthOf(flags))) << "\n"
            << TerminalLines(ForestPlot(verdict, kTextColumns)) << "\n";
}

// A campaign with everything that commands show of it.
struct Shown {
  CampaignResults results;
  // Not set if the plan wants none.
  std::optional<CampaignVerdict> verdict;
  std::vector<CellProfiles> profiles;
};

// Adds the gates of the verdict to those of the results.
absl::StatusOr<Shown> Read(Store& store, const GateRules& rules, const CampaignRecord& campaign,
                           bool with_profiles) {
  Shown shown;
  ASSAY_ASSIGN_OR_RETURN(shown.results, ReadResults(store, rules, campaign));
  ASSAY_ASSIGN_OR_RETURN(shown.verdict, TakeVerdict(store, rules, shown.results));
  if (with_profiles) {
    ASSAY_ASSIGN_OR_RETURN(shown.profiles, ReadProfilesOf(store, shown.results));
  }
  return shown;
}

// Prints the campaign in the requested format: the verdict first if the plan wants one, and a summary of its profiles
// last if it has any.
absl::Status Print(const Shown& shown, const CommonFlags& flags) {
  const auto& [results, verdict, profiles] = shown;
  const std::string& format = flags.format;
  if (format == "csv") {
    std::cout << ToCsv(results) << std::flush;
    return absl::OkStatus();
  }
  ASSAY_ASSIGN_OR_RETURN(const CategoryRules rules, LoadCategoryRules());
  if (format == "json") {
    nlohmann::ordered_json more;
    more["profiles"] = ToJson(profiles, rules);
    if (verdict.has_value()) {
      const nlohmann::ordered_json compared = ToJson(*verdict);
      for (const char* key : {"aa", "comparisons"}) more[key] = compared[key];
    }
    WriteJson(results, more, [](const std::string& piece) { std::cout << piece; });
    std::cout << std::endl;
    return absl::OkStatus();
  }
  if (verdict.has_value()) PrintVerdict(*verdict, flags);
  std::cout << TerminalLines(ToText(results, WidthOf(flags)));
  if (!profiles.empty())
    std::cout << "\n"
              << TerminalLines(
                     Fitted(CostText(profiles, rules, flags.wide ? kAnyWidth : kTextColumns),
                            WidthOf(flags)));
  const std::string breakdown =
      verdict.has_value() ? BreakdownTexts(profiles, rules, flags.wide ? kAnyWidth : kTextColumns)
                          : "";
  if (!breakdown.empty()) std::cout << "\n" << TerminalLines(Fitted(breakdown, WidthOf(flags)));
  std::cout << std::flush;
  return absl::OkStatus();
}

// Writes the report into the folder of the store. Returns the path of the report.
absl::StatusOr<std::string> WriteReportBesideStore(const Shown& shown, const CommonFlags& flags) {
  ASSAY_ASSIGN_OR_RETURN(const std::string store_path, StorePath(flags));
  const std::string path = (std::filesystem::path(store_path).parent_path() / "reports" /
                            (shown.results.campaign.id() + ".html"))
                               .string();
  ASSAY_RETURN_IF_ERROR(WriteReport(shown.results, shown.profiles,
                                    shown.verdict.has_value() ? &*shown.verdict : nullptr, path));
  return path;
}

// Prints the commands that a user may want to run next. `report` is the path of the report, or empty if none was written.
void PrintNextCommands(const CampaignRecord& campaign, const ExitStatus status,
                       const std::string& report) {
  const std::string& id = campaign.id();
  std::cout << "\nstored as campaign " << id << "\n";
  if (!report.empty()) {
    std::cout << "  report with figures and flame graphs: " << TerminalText(report) << "\n";
  }
  if (campaign.status() != CampaignRecord::COMPLETE) {
    std::cout << "  continue it:         " << CommandText(absl::StrCat("resume ", id)) << "\n";
  }
  if (status == ExitStatus::kInvalidResult) {
    std::cout << "  an invalid gate voids this result: follow its advice above, then run "
              << CommandText(absl::StrCat("rerun ", id)) << "\n";
  }
  std::cout << "  show it again:       " << CommandText(absl::StrCat("show ", id)) << "\n"
            << "  as JSON:             " << CommandText(absl::StrCat("show ", id, " --format=json"))
            << "\n"
            << (report.empty()
                    ? absl::StrCat("  as an HTML report:   ",
                                   CommandText(absl::StrCat("report ", id, " -o report.html")),
                                   "\n")
                    : "")
            << "  measure your server: "
            << CommandText("measure http://127.0.0.1:8080 --path=/ --connections=64") << std::endl;
}

ExitStatus Conclude(Bench& bench, const CampaignRecord& campaign, const CommonFlags& flags) {
  // A plan with a profile wants flame graphs, which only the report shows.
  const bool wants_report = flags.report || campaign.plan().has_profile();
  const absl::StatusOr<Shown> shown =
      Read(*bench.store, *bench.rules, campaign, wants_report || flags.format != "csv");
  if (!shown.ok()) return Fail(shown.status());
  if (const absl::Status printed = Print(*shown, flags); !printed.ok()) return Fail(printed);
  const CampaignResults& results = shown->results;
  ExitStatus status = StatusOf(results);
  const bool any_failed = std::any_of(results.cells.begin(), results.cells.end(),
                                      [](const CellResult& cell) { return cell.failed > 0; });
  std::string report;
  if (wants_report) {
    absl::StatusOr<std::string> path = WriteReportBesideStore(*shown, flags);
    if (!path.ok()) return Fail(path.status());
    report = *std::move(path);
  }
  if (flags.format == "table") PrintNextCommands(campaign, status, report);
  if (!results.damaged.empty()) return FailEach(results.damaged);
  if (campaign.status() != CampaignRecord::COMPLETE) {
    std::cerr << "controller: campaign " << campaign.id() << " is " << StatusText(campaign.status())
              << ": " << TerminalText(campaign.status_reason())
              << "; its finished executions are kept, and `resume` continues it" << std::endl;
    return ExitStatus::kFailed;
  }
  if (any_failed) {
    std::cerr << "controller: some executions of campaign " << campaign.id()
              << " failed; `resume` runs them again" << std::endl;
    return ExitStatus::kFailed;
  }
  return status;
}

}  // namespace

ExitStatus MeasurePlan(const LoadedPlan& loaded, const CommonFlags& flags,
                       Interruption& interruption) {
  if (const absl::Status valid = Validate(loaded); !valid.ok()) return Fail(valid);
  absl::StatusOr<Bench> bench = SetUp(flags);
  if (!bench.ok()) return Fail(bench.status());
  const absl::Status connected = ConnectAgents(flags.agents, flags, interruption, *bench);
  if (!connected.ok()) return Fail(connected);
  CampaignRunner runner(*bench->pool, *bench->store, *bench->rules, interruption,
                        Progress::StyleFor(flags.quiet));
  const DefaultedPlan defaulted = WithDefaultsFor(loaded.plan, *bench->pool);
  if (!defaulted.why_sequential.empty()) {
    std::cerr << "controller: " << TerminalText(defaulted.why_sequential) << std::endl;
  }
  const absl::StatusOr<CampaignRecord> campaign =
      runner.Run(defaulted.plan, loaded.plan_text, flags.label);
  if (!campaign.ok()) return Fail(campaign.status());
  return Conclude(*bench, *campaign, flags);
}

ExitStatus ResumeCampaign(const std::string& id, const CommonFlags& flags,
                          Interruption& interruption) {
  absl::StatusOr<Bench> bench = SetUp(flags);
  if (!bench.ok()) return Fail(bench.status());
  absl::StatusOr<CampaignRecord> stored = bench->store->Find(id);
  if (!stored.ok()) return Fail(stored.status());
  const absl::Status measured = CheckNotImported(*stored, "there is nothing to continue");
  if (!measured.ok()) return Fail(measured);
  const absl::Status connected =
      ConnectAgents(AgentsFor(*stored, flags), flags, interruption, *bench);
  if (!connected.ok()) return Fail(connected);
  CampaignRunner runner(*bench->pool, *bench->store, *bench->rules, interruption,
                        Progress::StyleFor(flags.quiet));
  const absl::StatusOr<CampaignRecord> campaign = runner.Resume(*std::move(stored));
  if (!campaign.ok()) return Fail(campaign.status());
  return Conclude(*bench, *campaign, flags);
}

absl::StatusOr<ExitStatus> PrintCampaign(Store& store, const CampaignRecord& campaign,
                                         const CommonFlags& flags) {
  ASSAY_ASSIGN_OR_RETURN(const GateRules rules, LoadGateRules());
  ASSAY_ASSIGN_OR_RETURN(const Shown shown, Read(store, rules, campaign, flags.format != "csv"));
  ASSAY_RETURN_IF_ERROR(Print(shown, flags));
  if (!shown.results.damaged.empty()) return FailEach(shown.results.damaged);
  return StatusOf(shown.results);
}

}  // namespace assay::controller

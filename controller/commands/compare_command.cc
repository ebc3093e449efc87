// The `compare` command: the verdict on a campaign, or on two.

#include <iostream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "common/json_text.h"
#include "common/status_macros.h"
#include "common/utf8.h"
#include "controller/commands/command.h"
#include "controller/commands/reporting.h"
#include "controller/gates/gate_keeper.h"
#include "controller/report/profile_section.h"
#include "controller/results/campaign_results.h"
#include "controller/results/difference_breakdown.h"
#include "controller/results/profile_results.h"
#include "controller/results/text_table.h"
#include "controller/verdict/campaign_verdict.h"
#include "controller/verdict/verdict_json.h"
#include "controller/verdict/verdict_text.h"
#include "nlohmann/json.hpp"

namespace assay::controller {
namespace {

struct CompareFlags {
  CommonFlags common;
  std::string id;
  std::string second_id;
  std::string baseline;
};

// The campaigns that a user names, and the verdict on them.
struct Compared {
  std::vector<CampaignResults> campaigns;
  CampaignVerdict verdict;
  // Of one campaign, whose difference they break down.
  std::vector<CellProfiles> profiles;
};

absl::StatusOr<CampaignResults> ResultsOf(Store& store, const GateRules& rules,
                                          const std::string& id) {
  ASSAY_ASSIGN_OR_RETURN(const CampaignRecord campaign, store.Find(id));
  absl::StatusOr<CampaignResults> results = ReadResults(store, rules, campaign);
  // The store's content is not the user's input.
  if (absl::IsInvalidArgument(results.status())) {
    return absl::DataLossError(absl::StrCat(
        "cannot read campaign ", campaign.id(), ": its record is damaged: ",
        results.status().message(), "; restore the store from a copy, or `rerun` the campaign"));
  }
  return results;
}

absl::StatusOr<Compared> CompareNamed(const CompareFlags& flags) {
  if (!flags.second_id.empty() && !flags.baseline.empty()) {
    return absl::InvalidArgumentError(
        "--baseline names a target of one campaign; of two campaigns, the first is the baseline: "
        "leave it out");
  }
  ASSAY_ASSIGN_OR_RETURN(const GateRules rules, LoadGateRules());
  ASSAY_ASSIGN_OR_RETURN(const std::unique_ptr<Store> store,
                         OpenStore(flags.common, Store::Mode::kRead));
  Compared compared;
  ASSAY_ASSIGN_OR_RETURN(CampaignResults first, ResultsOf(*store, rules, flags.id));
  compared.campaigns.push_back(std::move(first));
  if (flags.second_id.empty()) {
    ASSAY_ASSIGN_OR_RETURN(compared.verdict,
                           CompareCampaign(*store, rules, compared.campaigns[0], flags.baseline));
    ASSAY_ASSIGN_OR_RETURN(compared.profiles, ReadProfilesOf(*store, compared.campaigns[0]));
    for (CellProfiles& cell : compared.profiles) cell.baseline = compared.verdict.baseline;
    return compared;
  }
  ASSAY_ASSIGN_OR_RETURN(CampaignResults second, ResultsOf(*store, rules, flags.second_id));
  compared.campaigns.push_back(std::move(second));
  // Adds the gates of each campaign's own comparison: a control that differed voids it here too.
  for (CampaignResults& one : compared.campaigns) {
    ASSAY_RETURN_IF_ERROR(TakeVerdict(*store, rules, one).status());
  }
  ASSAY_ASSIGN_OR_RETURN(compared.verdict,
                         CompareTwoCampaigns(rules, compared.campaigns[0], compared.campaigns[1]));
  return compared;
}

absl::Status Print(const Compared& compared, const CommonFlags& flags) {
  const CampaignVerdict& verdict = compared.verdict;
  if (flags.format == "csv") {
    std::cout << ToCsv(verdict) << std::flush;
    return absl::OkStatus();
  }
  ASSAY_ASSIGN_OR_RETURN(const CategoryRules rules, LoadCategoryRules());
  if (flags.format == "json") {
    nlohmann::ordered_json json = ToJson(verdict);
    json["breakdown"] = BreakdownJson(compared.profiles, rules);
    std::cout << JsonText(json, 2) << std::endl;
    return absl::OkStatus();
  }
  std::cout << TerminalLines(ToText(verdict, WidthOf(flags)));
  const std::string breakdown =
      BreakdownTexts(compared.profiles, rules, flags.wide ? kAnyWidth : kTextColumns);
  if (!breakdown.empty()) std::cout << "\n" << TerminalLines(Fitted(breakdown, WidthOf(flags)));
  std::cout << std::flush;
  return absl::OkStatus();
}

ExitStatus Compare(const CompareFlags& flags) {
  const absl::StatusOr<Compared> compared = CompareNamed(flags);
  if (!compared.ok()) return Fail(compared.status());
  if (const absl::Status printed = Print(*compared, flags.common); !printed.ok()) {
    return Fail(printed);
  }
  const CampaignVerdict& verdict = compared->verdict;
  std::vector<absl::Status> damaged;
  bool invalid = verdict.invalid();
  for (const CampaignResults& one : compared->campaigns) {
    damaged.insert(damaged.end(), one.damaged.begin(), one.damaged.end());
    invalid = invalid || one.invalid();
  }
  if (!damaged.empty()) return FailEach(damaged);
  return invalid ? ExitStatus::kInvalidResult : ExitStatus::kDone;
}

}  // namespace

void AddCompareCommand(CLI::App& app, Action& chosen) {
  CLI::App* command = app.add_subcommand(
      "compare",
      "Say which target of a campaign is faster and by how much, or compare two campaigns");
  command->footer(
      "Example: controller compare latest\n"
      "         controller compare latest --baseline=hyper --format=json\n"
      "         controller compare before after");
  auto flags = std::make_shared<CompareFlags>();
  command->add_option("ID", flags->id, "Campaign: its ID, a prefix of the ID, its label, or latest")
      ->required();
  command->add_option("ID2", flags->second_id,
                      "A second campaign, which is compared with the first cell by cell");
  command
      ->add_option("--baseline", flags->baseline,
                   "Label of the target that the others are compared with (default: the plan's)")
      ->type_name("TARGET");
  AddStoreFlag(*command, flags->common);
  AddFormatFlag(*command, flags->common);
  command->callback(
      [flags, &chosen] { chosen = [flags](Interruption&) { return Compare(*flags); }; });
}

}  // namespace assay::controller

// The commands `agents`, `list`, `show` and `cancel`, which measure nothing.

#include <future>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "common/json_text.h"
#include "common/monotonic_clock.h"
#include "common/utf8.h"
#include "controller/campaign/agent_pool.h"
#include "controller/commands/command.h"
#include "controller/commands/measuring.h"
#include "controller/results/results_json.h"
#include "controller/results/results_text.h"
#include "nlohmann/json.hpp"

namespace assay::controller {
namespace {

// A cancelled campaign first ends the execution that runs.
constexpr absl::Duration kCancelTimeout = absl::Seconds(30);
constexpr absl::Duration kCancelPoll = absl::Milliseconds(200);

struct ShowFlags {
  CommonFlags common;
  std::string id;
};

void AddId(CLI::App& command, ShowFlags& flags) {
  command.add_option("ID", flags.id, "Campaign: its ID, a prefix of the ID, its label, or latest")
      ->required();
}

ExitStatus List(const CommonFlags& flags) {
  std::vector<CampaignSummary> campaigns;
  absl::StatusOr<std::unique_ptr<Store>> store = OpenStore(flags, Store::Mode::kRead);
  // The default store does not exist before the first campaign. That is an empty list, not an error.
  if (!store.ok() && !(absl::IsNotFound(store.status()) && flags.store.empty())) {
    return Fail(store.status());
  }
  if (store.ok()) {
    absl::StatusOr<std::vector<CampaignSummary>> found = (*store)->ListCampaigns();
    if (!found.ok()) return Fail(found.status());
    campaigns = *std::move(found);
  }
  if (flags.format == "json") {
    std::cout << JsonText(ToJson(campaigns), 2) << std::endl;
  } else {
    std::cout << (flags.format == "csv" ? ToCsv(campaigns)
                                        : TerminalLines(ToText(campaigns, WidthOf(flags))))
              << std::flush;
  }
  std::vector<absl::Status> damaged;
  for (const CampaignSummary& one : campaigns) {
    if (!one.damaged) continue;
    damaged.push_back((*store)->Find(one.id).status());
    // The ID itself may be damaged.
    if (damaged.back().ok() || absl::IsNotFound(damaged.back())) {
      damaged.back() = absl::DataLossError(absl::StrCat(
          "the record of campaign ", one.id, " is damaged; restore the store from a copy"));
    }
  }
  return FailEach(damaged);
}

ExitStatus Show(const ShowFlags& flags) {
  absl::StatusOr<std::unique_ptr<Store>> store = OpenStore(flags.common, Store::Mode::kRead);
  if (!store.ok()) return Fail(store.status());
  const absl::StatusOr<CampaignRecord> campaign = (*store)->Find(flags.id);
  if (!campaign.ok()) return Fail(campaign.status());
  const absl::StatusOr<ExitStatus> shown = PrintCampaign(**store, *campaign, flags.common);
  if (!shown.ok()) return FailToRead(*campaign, shown.status());
  // `show` succeeds whatever the result of the campaign is. It fails only if something could not be read.
  return *shown == ExitStatus::kFailed ? ExitStatus::kFailed : ExitStatus::kDone;
}

// Asks each agent separately: the command shows the agents that respond even if others do not.
ExitStatus Agents(const CommonFlags& flags, Interruption& interruption) {
  std::vector<std::future<absl::StatusOr<std::unique_ptr<AgentPool>>>> asked;
  for (const std::string& address : flags.agents) {
    asked.push_back(std::async(std::launch::async, [&flags, &interruption, address] {
      return AgentPool::Connect({address}, flags.tls, &interruption);
    }));
  }
  std::vector<AgentRecord> agents;
  std::vector<UnreachableAgent> unreachable;
  const auto take = [&](const absl::StatusOr<std::unique_ptr<AgentPool>>& pool,
                        const std::string& address) {
    if (pool.ok()) {
      agents.push_back((*pool)->server().record);
    } else {
      unreachable.push_back({address, pool.status()});
    }
  };
  for (size_t i = 0; i < asked.size(); ++i) take(asked[i].get(), flags.agents[i]);
  if (asked.empty()) take(AgentPool::Connect({}, flags.tls, &interruption), kLocalAddress);
  if (flags.format == "json") {
    std::cout << JsonText(ToJson(agents, unreachable), 2) << std::endl;
  } else {
    std::cout << TerminalLines(ToText(agents, WidthOf(flags))) << std::flush;
  }
  ExitStatus status = ExitStatus::kDone;
  for (const UnreachableAgent& agent : unreachable) status = Fail(agent.why);
  return status;
}

ExitStatus Cancel(const ShowFlags& flags, Interruption& interruption) {
  absl::StatusOr<std::unique_ptr<Store>> store = OpenStore(flags.common, Store::Mode::kWrite);
  if (!store.ok()) return Fail(store.status());
  absl::StatusOr<CampaignRecord> campaign = (*store)->Find(flags.id);
  if (!campaign.ok()) return Fail(campaign.status());
  const std::string id = campaign->id();
  const absl::Status asked = (*store)->RequestCancel(id);
  if (!asked.ok()) return Fail(asked);
  const int64_t deadline_ns = Clock::Real().After(kCancelTimeout);
  while (Clock::Real().NowNanos() < deadline_ns) {
    campaign = (*store)->Find(id);
    if (!campaign.ok()) return Fail(campaign.status());
    if (campaign->status() != CampaignRecord::RUNNING) {
      std::cout << "campaign " << id << " is " << StatusText(campaign->status())
                << "; its finished executions are kept\n";
      return ExitStatus::kDone;
    }
    if (!interruption.Sleep(kCancelPoll)) return Fail(interruption.status());
  }
  return Fail(absl::DeadlineExceededError(
      absl::StrCat("campaign ", id, " did not end within ", absl::FormatDuration(kCancelTimeout),
                   ": it still finishes an execution; `list` shows its status")));
}

}  // namespace

void AddAgentsCommand(CLI::App& app, Action& chosen) {
  CLI::App* command = app.add_subcommand(
      "agents",
      "Show each agent: version, CPUs, targets, capabilities, and the offset of its clock");
  command->footer("Example: controller agents --agents=10.0.0.1:7700,10.0.0.2:7700");
  auto flags = std::make_shared<ShowFlags>();
  AddAgentFlags(*command, flags->common);
  AddFormatFlagWithoutCsv(*command, flags->common);
  command->callback([flags, &chosen] {
    chosen = [flags](Interruption& interruption) { return Agents(flags->common, interruption); };
  });
}

void AddListCommand(CLI::App& app, Action& chosen) {
  CLI::App* command = app.add_subcommand("list", "List the stored campaigns, newest first");
  command->footer("Example: controller list --format=json");
  auto flags = std::make_shared<ShowFlags>();
  AddStoreFlag(*command, flags->common);
  AddFormatFlag(*command, flags->common);
  command->callback(
      [flags, &chosen] { chosen = [flags](Interruption&) { return List(flags->common); }; });
}

void AddShowCommand(CLI::App& app, Action& chosen) {
  CLI::App* command = app.add_subcommand(
      "show",
      "Show one campaign: cells, percentiles with confidence intervals, throughput, CPU, memory, "
      "gates");
  command->footer("Example: controller show latest\n         controller show 1f3a --format=json");
  auto flags = std::make_shared<ShowFlags>();
  AddId(*command, *flags);
  AddStoreFlag(*command, flags->common);
  AddFormatFlag(*command, flags->common);
  command->callback([flags, &chosen] { chosen = [flags](Interruption&) { return Show(*flags); }; });
}

void AddCancelCommand(CLI::App& app, Action& chosen) {
  CLI::App* command = app.add_subcommand(
      "cancel", "End a campaign that runs in another terminal; its finished executions are kept");
  command->footer("Example: controller cancel latest");
  auto flags = std::make_shared<ShowFlags>();
  AddId(*command, *flags);
  AddStoreFlag(*command, flags->common);
  command->callback([flags, &chosen] {
    chosen = [flags](Interruption& interruption) { return Cancel(*flags, interruption); };
  });
}

}  // namespace assay::controller

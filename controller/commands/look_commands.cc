// check, agents, list, show, cancel: the commands that measure nothing.

#include <future>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

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

namespace assay::controller {
namespace {

// A cancelled campaign ends its execution first.
constexpr absl::Duration kCancelTimeout = absl::Seconds(30);
constexpr absl::Duration kCancelPoll = absl::Milliseconds(200);

struct LookFlags {
  CommonFlags flags;
  std::string id;
};

void AddId(CLI::App& command, LookFlags& words) {
  command.add_option("ID", words.id, "An id, a prefix of one, a label, or latest")->required();
}

ExitStatus List(const CommonFlags& flags) {
  std::vector<CampaignSummary> campaigns;
  absl::StatusOr<std::unique_ptr<Store>> store = OpenStore(flags, Store::Mode::kRead);
  // Before the first campaign there is no file: an empty list, not an error.
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
    // Its id may be what is damaged.
    if (damaged.back().ok() || absl::IsNotFound(damaged.back())) {
      damaged.back() =
          absl::DataLossError(absl::StrCat("the record of a campaign is damaged: ", one.id));
    }
  }
  return FailEach(damaged);
}

ExitStatus Show(const LookFlags& words) {
  absl::StatusOr<std::unique_ptr<Store>> store = OpenStore(words.flags, Store::Mode::kRead);
  if (!store.ok()) return Fail(store.status());
  const absl::StatusOr<CampaignRecord> campaign = (*store)->Find(words.id);
  if (!campaign.ok()) return Fail(campaign.status());
  const absl::StatusOr<ExitStatus> shown = PrintCampaign(**store, *campaign, words.flags);
  if (!shown.ok()) return FailToRead(*campaign, shown.status());
  // What was asked for is a look, and that worked, whatever is seen; unless something could not be read.
  return *shown == ExitStatus::kFailed ? ExitStatus::kFailed : ExitStatus::kDone;
}

// Each agent by itself: those that response are told of though others do not.
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

ExitStatus Cancel(const LookFlags& words, Interruption& interruption) {
  absl::StatusOr<std::unique_ptr<Store>> store = OpenStore(words.flags, Store::Mode::kWrite);
  if (!store.ok()) return Fail(store.status());
  absl::StatusOr<CampaignRecord> campaign = (*store)->Find(words.id);
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
                << "; what was finished is kept\n";
      return ExitStatus::kDone;
    }
    if (!interruption.Sleep(kCancelPoll)) return Fail(interruption.status());
  }
  return Fail(absl::DeadlineExceededError(absl::StrCat(
      "campaign ", id, " was asked to end and has not yet; `list` shows when it has")));
}

}  // namespace

void AddAgentsCommand(CLI::App& app, Action& chosen) {
  CLI::App* command = app.add_subcommand(
      "agents", "Each agent: version, CPUs, targets, abilities, and its clock against ours");
  command->footer("Example: controller agents --agents=10.0.0.1:7700,10.0.0.2:7700");
  auto words = std::make_shared<LookFlags>();
  AddAgentFlags(*command, words->flags);
  AddFormatFlagWithoutCsv(*command, words->flags);
  command->callback([words, &chosen] {
    chosen = [words](Interruption& interruption) { return Agents(words->flags, interruption); };
  });
}

void AddListCommand(CLI::App& app, Action& chosen) {
  CLI::App* command = app.add_subcommand("list", "Campaigns, newest first");
  command->footer("Example: controller list --format=json");
  auto words = std::make_shared<LookFlags>();
  AddStoreFlag(*command, words->flags);
  AddFormatFlag(*command, words->flags);
  command->callback(
      [words, &chosen] { chosen = [words](Interruption&) { return List(words->flags); }; });
}

void AddShowCommand(CLI::App& app, Action& chosen) {
  CLI::App* command = app.add_subcommand(
      "show", "One campaign: cells, quantiles with intervals, throughput, CPU, memory, gates");
  command->footer("Example: controller show latest\n         controller show 1f3a --format=json");
  auto words = std::make_shared<LookFlags>();
  AddId(*command, *words);
  AddStoreFlag(*command, words->flags);
  AddFormatFlag(*command, words->flags);
  command->callback([words, &chosen] { chosen = [words](Interruption&) { return Show(*words); }; });
}

void AddCancelCommand(CLI::App& app, Action& chosen) {
  CLI::App* command = app.add_subcommand(
      "cancel", "End a campaign that runs in another terminal; what is finished is kept");
  command->footer("Example: controller cancel latest");
  auto words = std::make_shared<LookFlags>();
  AddId(*command, *words);
  AddStoreFlag(*command, words->flags);
  command->callback([words, &chosen] {
    chosen = [words](Interruption& interruption) { return Cancel(*words, interruption); };
  });
}

}  // namespace assay::controller

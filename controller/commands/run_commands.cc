// The commands `demo`, `run`, `resume` and `rerun`, which run plans.

#include <memory>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "common/runfiles.h"
#include "common/status_macros.h"
#include "controller/commands/command.h"
#include "controller/commands/measuring.h"
#include "controller/plan/plan_loader.h"
#include "controller/plan/plan_rules.h"
#include "controller/results/imported_results.h"

namespace assay::controller {
namespace {

// The flags and the argument of a command. They live as long as its action.
struct RunFlags {
  CommonFlags common;
  std::string subject;
};

// The stored plan of a campaign, with overrides. A default that depends on an overridden field follows the new value.
absl::StatusOr<LoadedPlan> StoredPlan(const CampaignRecord& campaign,
                                      const std::vector<std::string>& overrides) {
  LoadedPlan loaded;
  loaded.plan = WithoutDerivedDefaults(campaign.plan());
  loaded.plan_text = campaign.plan_text();
  loaded.name = absl::StrCat("campaign ", campaign.id());
  ASSAY_RETURN_IF_ERROR(ApplyOverrides(overrides, &loaded));
  return loaded;
}

}  // namespace

void AddDemoCommand(CLI::App& app, Action& chosen) {
  CLI::App* command = app.add_subcommand(
      "demo", "Measure the servers that come with Assay on this machine; takes one or two minutes");
  command->footer("Example: controller demo\n         controller demo --set blocks=6");
  auto flags = std::make_shared<RunFlags>();
  AddStoreFlag(*command, flags->common);
  AddAgentFlags(*command, flags->common);
  AddFormatFlag(*command, flags->common);
  AddRunFlags(*command, flags->common);
  command->callback([flags, &chosen] {
    chosen = [flags](Interruption& interruption) {
      const absl::StatusOr<std::string> path = AssayFile("plans/demo.textproto");
      if (!path.ok()) return Fail(path.status());
      const absl::StatusOr<LoadedPlan> plan = LoadPlan(*path, flags->common.overrides);
      if (!plan.ok()) return Fail(plan.status());
      flags->common.report = true;
      return MeasurePlan(*plan, flags->common, interruption);
    };
  });
}

void AddRunCommand(CLI::App& app, Action& chosen) {
  CLI::App* command = app.add_subcommand("run", "Run a plan as a new campaign");
  command->footer(
      "Example: controller run plans/c_vs_rust.textproto --agents=10.0.0.1:7700,10.0.0.2:7700");
  auto flags = std::make_shared<RunFlags>();
  command->add_option("PLAN", flags->subject, "Plan file: *.textproto or *.json (docs/plans.md)")
      ->required();
  AddStoreFlag(*command, flags->common);
  AddAgentFlags(*command, flags->common);
  AddFormatFlag(*command, flags->common);
  AddRunFlags(*command, flags->common);
  command->callback([flags, &chosen] {
    chosen = [flags](Interruption& interruption) {
      const absl::StatusOr<LoadedPlan> plan =
          LoadPlan(UserPath(flags->subject), flags->common.overrides);
      if (!plan.ok()) return Fail(plan.status());
      return MeasurePlan(*plan, flags->common, interruption);
    };
  });
}

void AddResumeCommand(CLI::App& app, Action& chosen) {
  CLI::App* command = app.add_subcommand(
      "resume", "Continue a campaign that ended early: run its missing and failed executions");
  command->footer("Example: controller resume latest");
  auto flags = std::make_shared<RunFlags>();
  command
      ->add_option("ID", flags->subject,
                   "Campaign: its ID, a prefix of the ID, its label, or latest")
      ->required();
  AddStoreFlag(*command, flags->common);
  AddAgentFlags(*command, flags->common);
  AddFormatFlag(*command, flags->common);
  command->add_flag("--quiet", flags->common.quiet, "Do not print progress to standard error");
  command->callback([flags, &chosen] {
    chosen = [flags](Interruption& interruption) {
      return ResumeCampaign(flags->subject, flags->common, interruption);
    };
  });
}

void AddRerunCommand(CLI::App& app, Action& chosen) {
  CLI::App* command =
      app.add_subcommand("rerun", "Run the stored plan of a campaign again, as a new campaign");
  command->footer("Example: controller rerun latest --set blocks=16");
  auto flags = std::make_shared<RunFlags>();
  command
      ->add_option("ID", flags->subject,
                   "Campaign: its ID, a prefix of the ID, its label, or latest")
      ->required();
  AddStoreFlag(*command, flags->common);
  AddAgentFlags(*command, flags->common);
  AddFormatFlag(*command, flags->common);
  AddRunFlags(*command, flags->common);
  command->callback([flags, &chosen] {
    chosen = [flags](Interruption& interruption) {
      absl::StatusOr<std::unique_ptr<Store>> store = OpenStore(flags->common, Store::Mode::kRead);
      if (!store.ok()) return Fail(store.status());
      const absl::StatusOr<CampaignRecord> campaign = (*store)->Find(flags->subject);
      if (!campaign.ok()) return Fail(campaign.status());
      const absl::Status measured = CheckNotImported(*campaign, "there is nothing to run again");
      if (!measured.ok()) return Fail(measured);
      const absl::StatusOr<LoadedPlan> plan = StoredPlan(*campaign, flags->common.overrides);
      if (!plan.ok()) return Fail(plan.status());
      flags->common.agents = AgentsFor(*campaign, flags->common);
      store->reset();
      return MeasurePlan(*plan, flags->common, interruption);
    };
  });
}

}  // namespace assay::controller

// demo, run, resume, rerun: the commands that measure what a plan says.

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "common/runfiles.h"
#include "common/status_macros.h"
#include "controller/commands/command.h"
#include "controller/commands/measuring.h"
#include "controller/plan/plan_loader.h"
#include "controller/plan/plan_rules.h"

namespace assay::controller {
namespace {

// A command's flags and words, which live as long as its action.
struct RunFlags {
  CommonFlags flags;
  std::string subject;
};

// The plan that a campaign was made of, with overrides: what followed from a field that they change follows it.
absl::StatusOr<LoadedPlan> StoredPlan(const CampaignRecord& campaign,
                                      const std::vector<std::string>& overrides) {
  LoadedPlan loaded;
  loaded.plan = WithoutWhatFollows(campaign.plan());
  loaded.plan_text = campaign.plan_text();
  loaded.name = absl::StrCat("campaign ", campaign.id());
  ASSAY_RETURN_IF_ERROR(ApplyOverrides(overrides, &loaded));
  return loaded;
}

}  // namespace

void AddDemoCommand(CLI::App& app, Action& chosen) {
  CLI::App* command = app.add_subcommand(
      "demo", "Measure the servers that come with Assay, on this machine, in a minute or two");
  command->footer("Example: controller demo\n         controller demo --set blocks=6");
  auto words = std::make_shared<RunFlags>();
  AddStoreFlag(*command, words->flags);
  AddAgentFlags(*command, words->flags);
  AddFormatFlag(*command, words->flags);
  AddRunFlags(*command, words->flags);
  command->callback([words, &chosen] {
    chosen = [words](Interruption& interruption) {
      const absl::StatusOr<std::string> path = AssayFile("plans/demo.textproto");
      if (!path.ok()) return Fail(path.status());
      const absl::StatusOr<LoadedPlan> plan = LoadPlan(*path, words->flags.overrides);
      if (!plan.ok()) return Fail(plan.status());
      words->flags.report = true;
      return MeasurePlan(*plan, words->flags, interruption);
    };
  });
}

void AddRunCommand(CLI::App& app, Action& chosen) {
  CLI::App* command = app.add_subcommand("run", "Measure what a plan says");
  command->footer(
      "Example: controller run plans/c_vs_rust.textproto --agents=10.0.0.1:7700,10.0.0.2:7700");
  auto words = std::make_shared<RunFlags>();
  command->add_option("PLAN", words->subject, "A plan: *.textproto or *.json (docs/plans.md)")
      ->required();
  AddStoreFlag(*command, words->flags);
  AddAgentFlags(*command, words->flags);
  AddFormatFlag(*command, words->flags);
  AddRunFlags(*command, words->flags);
  command->callback([words, &chosen] {
    chosen = [words](Interruption& interruption) {
      const absl::StatusOr<LoadedPlan> plan =
          LoadPlan(UserPath(words->subject), words->flags.overrides);
      if (!plan.ok()) return Fail(plan.status());
      return MeasurePlan(*plan, words->flags, interruption);
    };
  });
}

void AddResumeCommand(CLI::App& app, Action& chosen) {
  CLI::App* command = app.add_subcommand(
      "resume", "Go on with a campaign that ended early; what is finished stays");
  command->footer("Example: controller resume latest");
  auto words = std::make_shared<RunFlags>();
  command->add_option("ID", words->subject, "An id, a prefix of one, a label, or latest")
      ->required();
  AddStoreFlag(*command, words->flags);
  AddAgentFlags(*command, words->flags);
  AddFormatFlag(*command, words->flags);
  command->add_flag("--quiet", words->flags.quiet, "No progress on standard error");
  command->callback([words, &chosen] {
    chosen = [words](Interruption& interruption) {
      return ResumeCampaign(words->subject, words->flags, interruption);
    };
  });
}

void AddRerunCommand(CLI::App& app, Action& chosen) {
  CLI::App* command = app.add_subcommand(
      "rerun", "Do a whole campaign again, from the plan that is stored with it");
  command->footer("Example: controller rerun latest --set blocks=16");
  auto words = std::make_shared<RunFlags>();
  command->add_option("ID", words->subject, "An id, a prefix of one, a label, or latest")
      ->required();
  AddStoreFlag(*command, words->flags);
  AddAgentFlags(*command, words->flags);
  AddFormatFlag(*command, words->flags);
  AddRunFlags(*command, words->flags);
  command->callback([words, &chosen] {
    chosen = [words](Interruption& interruption) {
      absl::StatusOr<std::unique_ptr<Store>> store = OpenStore(words->flags, Store::Mode::kRead);
      if (!store.ok()) return Fail(store.status());
      const absl::StatusOr<CampaignRecord> campaign = (*store)->Find(words->subject);
      if (!campaign.ok()) return Fail(campaign.status());
      const absl::StatusOr<LoadedPlan> plan = StoredPlan(*campaign, words->flags.overrides);
      if (!plan.ok()) return Fail(plan.status());
      words->flags.agents = AgentsFor(*campaign, words->flags);
      store->reset();
      return MeasurePlan(*plan, words->flags, interruption);
    };
  });
}

}  // namespace assay::controller

#include "controller/pilot/pilot_run.h"

#include <stdlib.h>

#include <cerrno>
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "common/status_macros.h"
#include "controller/campaign/campaign_runner.h"
#include "controller/pilot/pilot_plan.h"
#include "controller/results/campaign_results.h"
#include "controller/store/store.h"
#include "controller/verdict/campaign_verdict.h"

namespace assay::controller {
namespace {

// A folder that is removed with all its files when this object is destroyed.
class TemporaryFolder {
 public:
  static absl::StatusOr<std::unique_ptr<TemporaryFolder>> Create() {
    std::error_code error;
    std::string path =
        absl::StrCat(std::filesystem::temp_directory_path(error).string(), "/assay-pilot-XXXXXX");
    if (!error && mkdtemp(path.data()) == nullptr) {
      error = std::error_code(errno, std::generic_category());
    }
    if (error) {
      return absl::FailedPreconditionError(
          absl::StrCat("cannot create a folder for the pilot's data at ", path, ": ",
                       error.message(), "; set TMPDIR to a folder that can be written"));
    }
    return std::unique_ptr<TemporaryFolder>(new TemporaryFolder(path));
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::string& path() const { return path_; }

 private:
  explicit TemporaryFolder(std::string path) : path_(std::move(path)) {}

  const std::string path_;
};

}  // namespace

absl::StatusOr<std::vector<MeasuredSpread>> RunPilot(const Plan& plan,
                                                     const std::vector<SkippedTarget>& skipped,
                                                     AgentPool& pool, const GateRules& rules,
                                                     Interruption& interruption,
                                                     Progress::Style style) {
  const Plan pilot = PilotPlanOf(plan);
  ASSAY_ASSIGN_OR_RETURN(const std::unique_ptr<TemporaryFolder> folder, TemporaryFolder::Create());
  ASSAY_ASSIGN_OR_RETURN(
      const std::unique_ptr<Store> store,
      Store::Open(absl::StrCat(folder->path(), "/pilot.db"), Store::Mode::kWrite));
  CampaignRunner runner(pool, *store, rules, interruption, style);
  ASSAY_ASSIGN_OR_RETURN(const CampaignRecord campaign, runner.Run(pilot, "", ""));
  if (!interruption.status().ok()) return interruption.status();
  if (campaign.status() != CampaignRecord::COMPLETE) {
    return absl::FailedPreconditionError(
        absl::StrCat("the pilot failed: ", campaign.status_reason()));
  }
  ASSAY_ASSIGN_OR_RETURN(const CampaignResults results, ReadResults(*store, rules, campaign));
  ASSAY_ASSIGN_OR_RETURN(const CampaignVerdict verdict, CompareCampaign(*store, rules, results));
  std::vector<MeasuredSpread> spreads;
  for (const PlannedComparison& comparison : ComparisonsOf(plan, skipped)) {
    const uint32_t targets = TargetsServing(plan, skipped, comparison.cell.workload());
    MeasuredSpread& one = spreads.emplace_back(
        SpreadIn(verdict, comparison, comparison.candidate, plan.primary_metric()));
    one.length =
        LoadOfBlock(plan, comparison.cell, targets) / LoadOfBlock(pilot, comparison.cell, targets);
  }
  return spreads;
}

}  // namespace assay::controller

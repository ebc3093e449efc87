#include "controller/pilot/pilot_plan.h"

#include <algorithm>
#include <cmath>

#include "controller/plan/cells.h"
#include "controller/plan/load_levels.h"

namespace assay::controller {
namespace {

// Windows are never shorter than the shortest of these, unless the plan's are. The second set is for plans with many cells.
struct Shortest {
  double window_s;
  double requests;
  double warmup_s;
};
constexpr Shortest kUsual = {.window_s = 0.4, .requests = 4'000, .warmup_s = 1};
constexpr Shortest kManyCells = {.window_s = 0.2, .requests = 2'000, .warmup_s = 0.1};
// Windows shrink in steps of this factor until the pilot is short enough.
constexpr double kStep = 0.9;

// The load of one target in a block, as in LoadOfBlock() but before it is rounded to slots.
double WindowSeconds(const Plan& plan) {
  if (plan.design() == Plan::INTERLEAVED && plan.interleave().seconds() > 0)
    return plan.interleave().seconds() / std::max(1, plan.targets_size());
  return absl::ToDoubleSeconds(BoundOf(plan.load()).duration);
}

// Sets the windows to this share of those of `plan`.
void SetWindows(const Plan& plan, double share, Plan* pilot) {
  const double seconds = WindowSeconds(plan) * share;
  if (plan.design() == Plan::INTERLEAVED) {
    pilot->mutable_interleave()->set_seconds(seconds * std::max(1, plan.targets_size()));
    return;
  }
  Load& load = *pilot->mutable_load();
  if (load.has_open()) {
    load.mutable_open()->mutable_duration()->set_seconds(seconds);
  } else if (load.has_curve()) {
    load.mutable_curve()->mutable_duration()->set_seconds(seconds);
  } else if (load.closed().has_duration()) {
    load.mutable_closed()->mutable_duration()->set_seconds(seconds);
  } else {
    load.mutable_closed()->set_requests(static_cast<uint64_t>(
        std::ceil(static_cast<double>(plan.load().closed().requests()) * share)));
  }
}

double ShortestShare(const Plan& plan, const Shortest& shortest) {
  const uint64_t requests = BoundOf(plan.load()).requests;
  const double share = requests > 0 ? shortest.requests / static_cast<double>(requests)
                                    : shortest.window_s / WindowSeconds(plan);
  return std::min(1.0, share);
}

absl::Duration LengthOfPilot(const Plan& pilot) {
  return LengthOf(pilot, static_cast<int>(CellsOf(pilot).size() * pilot.blocks())).total;
}

}  // namespace

Plan PilotPlanOf(const Plan& plan) {
  Plan pilot = plan;
  pilot.set_verdict(Plan::NONE);
  pilot.set_on_failure(Plan::CONTINUE);
  pilot.clear_profile();
  pilot.clear_thresholds();
  pilot.mutable_pause()->set_seconds(0);
  double share = 1;
  for (const Shortest& shortest : {kUsual, kManyCells}) {
    pilot.mutable_load()->mutable_warmup()->set_seconds(
        std::min(plan.load().warmup().seconds(), shortest.warmup_s));
    pilot.set_blocks(kFewestPilotBlocks);
    share = ShortestShare(plan, shortest);
    SetWindows(plan, share, &pilot);
    if (LengthOfPilot(pilot) <= kPilotLength) break;
  }
  // First more blocks, because few of them say little about the variation between starts; then longer windows.
  const double room = absl::FDivDuration(kPilotLength, LengthOfPilot(pilot));
  const double most = std::clamp<double>(plan.blocks(), kFewestPilotBlocks, kMostPilotBlocks);
  pilot.set_blocks(static_cast<uint32_t>(
      std::clamp<double>(std::floor(kFewestPilotBlocks * room), kFewestPilotBlocks, most)));
  const double least = share;
  for (share = 1; share > least; share = std::max(least, share * kStep)) {
    SetWindows(plan, share, &pilot);
    if (LengthOfPilot(pilot) <= kPilotLength) return pilot;
  }
  SetWindows(plan, least, &pilot);
  return pilot;
}

}  // namespace assay::controller

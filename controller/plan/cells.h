#ifndef ASSAY_CONTROLLER_PLAN_CELLS_H_
#define ASSAY_CONTROLLER_PLAN_CELLS_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/time/time.h"
#include "controller/plan/load_levels.h"
#include "proto/plan.pb.h"
#include "proto/results.pb.h"

namespace assay::controller {

// All cells of a plan, each once, in the order of the plan: by target, then by workload, then by level. A plan with
// load.find has one cell for each target and workload, which stands for a search (IsSearch() in capacity_search.h).
//
// If the plan has a `profile`, the cells of targets that an agent starts are marked as profiled. With
// `separate_execution`, these cells stay unmarked, and each such target and workload has one more cell, which is
// profiled, at the last level.
// REQUIRES: WithDefaults was applied.
std::vector<Cell> CellsOf(const Plan& plan);

// The target and the workload of a cell. REQUIRES: the cell belongs to the plan.
const PlanTarget& TargetOfCell(const Plan& plan, const Cell& cell);
const Workload& WorkloadOfCell(const Plan& plan, const Cell& cell);

// Whether a cell is the plan's separate execution for profiles. The figures of such a cell are neither compared nor
// judged. Without `separate_execution`, a profiled cell is the only one of its target, workload and level, and its
// figures are compared and judged.
bool IsSeparateExecution(const Plan& plan, const Cell& cell);

// The cells that a campaign skips.
class SkippedCells {
 public:
  explicit SkippedCells(const std::vector<SkippedTarget>& skipped);
  bool Contains(const Cell& cell) const;

 private:
  // Target and workload. An empty workload stands for all workloads of the target.
  absl::flat_hash_set<std::pair<std::string, std::string>> skipped_;
};

// What ends the window of a cell: the bound of the load, or the duration of the separate execution for profiles.
WindowBound BoundOfCell(const Plan& plan, const Cell& cell);

// One execution of the schedule.
struct ScheduledExecution {
  // Index into CellsOf(plan).
  int cell_index = 0;
  Cell cell;
  // Both from 0.
  uint32_t block = 0;
  uint32_t position = 0;
  // Executions of a block with the same unit are made together: the targets of an interleaved workload and level. Every
  // other execution is a unit of its own. Numbered from 0 in each block, in the order in which they run.
  uint32_t unit = 0;
};

// All executions of a campaign, in the order in which they run. Each block contains every cell once. Its units are
// shuffled with the plan's seed. The same plan gives the same schedule on every machine. The cell of a search stands for
// all its executions, which are not known before they are made.
// REQUIRES: WithDefaults was applied.
std::vector<ScheduledExecution> ScheduleOf(const Plan& plan);

// The load level of a cell as text: "64 connections", "20000/s"; of a search "capacity"; "n/a" if another tool did not
// report it.
std::string LevelText(const Cell& cell);
// A cell as text, such as "epoll json 64 connections". It also serves as a key: it is unique among the
// cells of a valid plan.
std::string CellText(const Cell& cell);

// The time that an execution takes besides its window.
struct ExecutionCosts {
  // Start of the server, verification, connecting, the idle-gap measurement, drain, stop, commit.
  absl::Duration around = absl::Milliseconds(340);
  // The assumed throughput, for windows that end after a number of requests.
  double requests_per_s = 20'000;
};

// The estimated duration of a campaign.
struct CampaignLength {
  // The windows and their warm-ups.
  absl::Duration measuring;
  // Everything, including the overhead of executions, and the pauses between those that are not made together.
  absl::Duration total;
  // Whether windows end after a number of requests, so that their duration is a guess.
  bool guessed = false;
};

// The estimated duration of `executions` executions of a plan. If the plan searches for a capacity, `executions` are its
// searches, and the duration is that of searches which make as many executions as they may. REQUIRES: WithDefaults was
// applied.
CampaignLength LengthOf(const Plan& plan, int executions, const ExecutionCosts& costs = {});

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_PLAN_CELLS_H_

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

// Every cell of a plan once, in the plan's own order: targets, then workloads, then levels.
//
// A plan's `profile` marks the cells of targets that an agent starts as profiled. With `separate_execution` it leaves
// them as they are, and each target and workload has one more, profiled, at the last level.
// REQUIRES: WithDefaults was applied.
std::vector<Cell> CellsOf(const Plan& plan);

// The plan's entry and workload that a cell is made of. REQUIRES: the cell is of that plan.
const PlanTarget& TargetOfCell(const Plan& plan, const Cell& cell);
const Workload& WorkloadOfCell(const Plan& plan, const Cell& cell);

// Whether a cell is the plan's separate execution for profiles: its figures are not those that are compared and judged.
// Without `separate_execution` a profiled cell is the only one of its target, workload and level, and is both.
bool IsApart(const Plan& plan, const Cell& cell);

// The cells that a campaign skips.
class SkippedCells {
 public:
  explicit SkippedCells(const std::vector<SkippedTarget>& skipped);
  bool Contains(const Cell& cell) const;

 private:
  // Target and workload; an empty workload stands for all of its target.
  absl::flat_hash_set<std::pair<std::string, std::string>> skipped_;
};

// What ends a cell's window: the load's bound, or the length of a separate profiled execution.
WindowBound BoundOfCell(const Plan& plan, const Cell& cell);

// One execution to be made.
struct ScheduledExecution {
  // Index into CellsOf(plan).
  int cell_index = 0;
  Cell cell;
  // Both from 0.
  uint32_t block = 0;
  uint32_t position = 0;
};

// Every execution of a campaign in the order in which they are made: each block holds every cell
// once, in an order drawn from the plan's seed. The same plan gives the same schedule on every
// machine. REQUIRES: WithDefaults was applied.
std::vector<ScheduledExecution> ScheduleOf(const Plan& plan);

// The level of a cell for people: "64 connections", "20000/s".
std::string LevelText(const Cell& cell);
// A cell for people, and as a key: no two cells of a valid plan have the same. "epoll json 64
// connections".
std::string CellText(const Cell& cell);

// What an execution costs besides its window.
struct ExecutionCosts {
  // Start of the server, verification, connecting, the idle-gap measurement, drain, stop, commit.
  absl::Duration around = absl::Milliseconds(340);
  // How fast requests are answered, where a window is bounded by their count.
  double requests_per_s = 20'000;
};

// How long a campaign will take.
struct CampaignLength {
  // Windows alone, warm-up included.
  absl::Duration measuring;
  // With everything around them and the pauses between them.
  absl::Duration total;
  // Whether windows are bounded by requests, so that their length is a guess.
  bool guessed = false;
};

// The length of `executions` executions of a plan. REQUIRES: WithDefaults was applied.
CampaignLength LengthOf(const Plan& plan, int executions, const ExecutionCosts& costs = {});

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_PLAN_CELLS_H_

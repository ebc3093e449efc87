#include "controller/plan/cells.h"

#include <cstddef>

#include "absl/strings/str_cat.h"
#include "analysis/block_order.h"

namespace assay {

std::vector<Cell> CellsOf(const Plan& plan) {
  std::vector<Cell> cells;
  for (const PlanTarget& target : plan.targets()) {
    for (const Workload& workload : plan.workloads()) {
      for (const uint32_t connections : plan.load().closed().connections()) {
        Cell cell;
        cell.set_target(target.label());
        cell.set_workload(workload.name());
        cell.set_mode("closed");
        cell.set_connections(connections);
        cells.push_back(cell);
      }
    }
  }
  return cells;
}

std::vector<ScheduledExecution> ScheduleOf(const Plan& plan) {
  const std::vector<Cell> cells = CellsOf(plan);
  std::vector<ScheduledExecution> schedule;
  schedule.reserve(cells.size() * plan.blocks());
  for (uint32_t block = 0; block < plan.blocks(); ++block) {
    uint32_t position = 0;
    for (const uint32_t index :
         BlockOrder(plan.seed(), block, static_cast<uint32_t>(cells.size()))) {
      schedule.push_back({static_cast<int>(index), cells[index], block, position++});
    }
  }
  return schedule;
}

std::string LevelText(const Cell& cell) {
  if (cell.mode() != "closed") return absl::StrCat(cell.rate_per_s(), "/s");
  return absl::StrCat(cell.connections(), cell.connections() == 1 ? " connection" : " connections");
}

std::string CellText(const Cell& cell) {
  return absl::StrCat(cell.target(), " ", cell.workload(), " ", LevelText(cell),
                      cell.profiled() ? " profiled" : "");
}

CampaignLength LengthOf(const Plan& plan, int executions, const ExecutionCosts& costs) {
  const ClosedLoop& closed = plan.load().closed();
  CampaignLength length;
  length.guessed = closed.has_requests();
  const double window_s = length.guessed
                              ? static_cast<double>(closed.requests()) / costs.requests_per_s
                              : closed.duration().seconds();
  const absl::Duration measured =
      absl::Seconds(plan.load().warmup().seconds()) + absl::Seconds(window_s);
  length.measuring = executions * measured;
  length.total = length.measuring + executions * costs.around;
  // The pause lies between executions: one less.
  if (executions > 1) length.total += (executions - 1) * absl::Seconds(plan.pause().seconds());
  return length;
}

}  // namespace assay

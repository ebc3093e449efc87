#include "controller/results/profile_results.h"

#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/status_macros.h"
#include "controller/plan/cells.h"
#include "proto/convert/stack_profile_proto.h"

namespace assay {
namespace {

absl::StatusOr<ProfiledRun> ReadRun(Store& store, const ExecutionRecord& execution) {
  ProfiledRun run;
  run.execution_id = execution.id();
  run.block = execution.block();
  run.info = execution.server().profile();
  ASSAY_ASSIGN_OR_RETURN(const std::vector<ProfileChunk> chunks, store.ReadProfile(execution.id()));
  absl::StatusOr<StackProfile> stacks = FromProto(chunks);
  if (!stacks.ok()) {
    return absl::DataLossError(absl::StrCat("the profile of execution ", execution.id(),
                                            " cannot be read: ", stacks.status().message()));
  }
  run.stacks = *std::move(stacks);
  run.tree.Add(run.stacks, StackTime::kOnCpu);
  return run;
}

std::vector<ProfileRun> RunsOf(const CellProfiles& cell) {
  std::vector<ProfileRun> runs;
  for (const ProfiledRun& run : cell.runs) {
    runs.push_back({.tree = &run.tree, .requests = run.info.requests(), .event = run.info.event()});
  }
  return runs;
}

}  // namespace

FunctionTree CellProfiles::Tree() const {
  FunctionTree sum;
  for (const ProfiledRun& run : runs) sum.Add(run.tree);
  return sum;
}

uint64_t CellProfiles::requests() const {
  uint64_t sum = 0;
  for (const ProfiledRun& run : runs) sum += run.info.requests();
  return sum;
}

uint64_t CellProfiles::samples() const {
  uint64_t sum = 0;
  for (const ProfiledRun& run : runs) sum += run.info.samples();
  return sum;
}

absl::flat_hash_map<std::string, uint64_t> CellProfiles::SystemCalls() const {
  absl::flat_hash_map<std::string, uint64_t> calls;
  for (const ProfiledRun& run : runs) {
    for (const auto& [name, count] : run.info.syscalls()) calls[name] += count;
  }
  return calls;
}

std::string CellProfiles::HowTaken() const {
  if (runs.empty()) return refused;
  const ProfileInfo& first = runs.front().info;
  uint64_t whole = 0;
  uint64_t lost = 0;
  for (const ProfiledRun& run : runs) {
    whole += run.info.whole();
    lost += run.info.lost();
  }
  std::string text =
      absl::StrFormat("%s at %d Hz, %d %s of %.3g s, %d samples", first.event(),
                      first.frequency_hz(), runs.size(), runs.size() == 1 ? "run" : "runs",
                      static_cast<double>(first.end_ns() - first.start_ns()) / 1e9, samples());
  if (samples() > 0) {
    absl::StrAppendFormat(&text, ", %.1f %% of the stacks whole",
                          100 * static_cast<double>(whole) / static_cast<double>(samples()));
  }
  if (lost > 0) absl::StrAppend(&text, ", ", lost, " lost");
  if (!first.kernel_frames()) absl::StrAppend(&text, ", without the kernel");
  return text;
}

absl::StatusOr<std::vector<CellProfiles>> ReadProfiles(Store& store,
                                                       const CampaignRecord& campaign) {
  std::vector<CellProfiles> cells;
  std::map<std::string, size_t> place;
  for (Cell& cell : CellsOf(campaign.plan())) {
    if (!cell.profiled()) continue;
    place[CellText(cell)] = cells.size();
    cells.emplace_back().cell = std::move(cell);
  }
  if (cells.empty()) return cells;
  ASSAY_RETURN_IF_ERROR(
      store.ForEachExecution(campaign.id(), [&](const ExecutionRecord& execution) -> absl::Status {
        const auto found = place.find(CellText(execution.cell()));
        if (found == place.end() || execution.status() != ExecutionRecord::MEASURED)
          return absl::OkStatus();
        CellProfiles& cell = cells[found->second];
        const ProfileInfo& info = execution.server().profile();
        if (!info.refused().empty()) {
          cell.refused = info.refused();
          cell.remedy = info.remedy();
          return absl::OkStatus();
        }
        ASSAY_ASSIGN_OR_RETURN(ProfiledRun run, ReadRun(store, execution));
        cell.runs.push_back(std::move(run));
        return absl::OkStatus();
      }));
  return cells;
}

absl::StatusOr<ProfileDifference> CompareCells(const CellProfiles& a, const CellProfiles& b) {
  return CompareProfiles(RunsOf(a), RunsOf(b), DifferenceRules());
}

}  // namespace assay

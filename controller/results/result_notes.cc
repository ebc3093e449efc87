#include "controller/results/result_notes.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/number_text.h"
#include "controller/plan/capacity_search.h"
#include "controller/plan/cells.h"
#include "controller/results/capacity_output.h"
#include "controller/results/imported_results.h"
#include "controller/results/results_json.h"

namespace assay::controller {
namespace {

// The labels of the targets that an agent started and whose responses are not computed for each request.
std::set<std::string> StaticTargets(const CampaignRecord& campaign) {
  std::set<std::string> names;
  for (const AgentRecord& agent : campaign.agents()) {
    for (const TargetDescription& target : agent.description().targets()) {
      if (target.static_responses()) names.insert(target.name());
    }
  }
  std::set<std::string> labels;
  for (const PlanTarget& target : campaign.plan().targets()) {
    if (target.url().empty() && names.contains(target.name())) {
      labels.insert(target.label());
    }
  }
  return labels;
}

void AppendExecutionNotes(const CampaignResults& results, uint64_t retried, bool left_out,
                          std::vector<std::string>& notes) {
  if (left_out) {
    notes.emplace_back(
        "blocks in which the host was disturbed are left out of the cells whose gates say so");
  }
  if (retried > 0) {
    notes.push_back(absl::StrCat(
        CountText(retried, "request was", "requests were"),
        " retried because the server closed the connection or refused the stream before it "
        "processed them; they are not errors, and their latency counts from the first attempt"));
  }
  if (results.left_out > 0) {
    notes.push_back(absl::StrCat(
        CountText(results.left_out, "execution is", "executions are"),
        " in the store and in no figure: another target of the same block failed or the campaign "
        "was interrupted, so `resume` repeated all targets that take turns, and one attempt of "
        "each block counts"));
  }
  if (results.judged_again > 0) {
    notes.push_back(absl::StrCat(
        "the gates of ", CountText(results.judged_again, "execution"),
        " are those of today's rules (version ", results.rules_version,
        "), judged from the stored records; older rules judged them when they were measured"));
  }
}

void AppendSearchNotes(const CampaignResults& results, std::vector<std::string>& notes) {
  notes.emplace_back(
      "a capacity is the highest rate, in requests per second with Poisson arrivals, that met "
      "the objective in a full-length execution after a search of its own in each block; the "
      "other figures are those of the executions that confirmed it");
  for (const CapacityResult& capacity : results.capacity) {
    notes.push_back(absl::StrCat("capacity of ", capacity.cell.target(), " ",
                                 capacity.cell.workload(), ": ", CapacityText(capacity)));
  }
}

}  // namespace

std::vector<std::string> NotesOf(const CampaignResults& results) {
  std::vector<std::string> notes;
  bool fresh = false;
  bool closed = false;
  bool left_out = false;
  bool search = false;
  uint64_t retried = 0;
  std::set<std::string> measured;
  std::map<std::string, size_t> windows;
  for (const CellResult& cell : results.cells) {
    if (cell.imported.has_value()) {
      closed = closed || cell.cell.mode() == "closed";
      continue;
    }
    closed = closed || cell.cell.mode() == "closed";
    search = search || IsSearch(cell.cell);
    fresh = fresh || cell.fresh_starts;
    retried += cell.retried;
    left_out = left_out || !cell.left_out.empty();
    measured.insert(cell.cell.target());
    if (cell.fresh_starts) continue;
    size_t& most = windows[cell.cell.target()];
    most = std::max(most, cell.executions.size());
  }
  if (fresh && results.finished_blocks >= 6) {
    notes.push_back(
        absl::StrCat("medians over ", results.finished_blocks,
                     " fresh starts of each server; the interval, [ ] or ±, contains the true "
                     "median with 95 % confidence (order statistics)"));
  } else if (fresh) {
    notes.emplace_back("medians over fresh starts of each server; fewer than 6 have no interval");
  }
  for (const auto& [target, count] : windows) {
    notes.push_back(absl::StrCat(
        "medians over ", CountText(count, "window"), " of one running server, ", target,
        ", which was not restarted: windows of one process are not independent, so there is no "
        "interval"));
  }
  for (const std::string& target : StaticTargets(results.campaign)) {
    if (measured.contains(target)) {
      notes.push_back(absl::StrCat(target,
                                   " sends fixed responses that it does not compute for each "
                                   "request, so it does less work than a target that does"));
    }
  }
  AppendExecutionNotes(results, retried, left_out, notes);
  if (search) AppendSearchNotes(results, notes);
  for (std::string& note : ImportNotesOf(results)) notes.push_back(std::move(note));
  if (closed) {
    notes.emplace_back(
        "closed loop: a connection sends nothing while it waits for a response, so p99 and beyond "
        "do not show stalls; measure tails in an open loop");
  }
  return notes;
}

std::string ProgressText(const CampaignResults& results) {
  const CampaignRecord& campaign = results.campaign;
  if (IsImported(campaign)) return absl::StrCat("imported from ", campaign.imported_from());
  return absl::StrCat(StatusText(campaign.status()), ", ", results.finished_blocks, " of ",
                      CountText(campaign.plan().blocks(), "block"));
}

std::vector<std::string> MissingOf(const CampaignResults& results) {
  std::vector<std::string> lines;
  for (const SkippedTarget& one : results.campaign.skipped()) {
    lines.push_back(absl::StrCat("skipped: ", one.target(), one.workload().empty() ? "" : " ",
                                 one.workload(), ": ", one.reason()));
  }
  for (const absl::Status& one : results.damaged)
    lines.push_back(absl::StrCat("damaged, not included in the figures: ", one.message()));
  for (const CellResult& cell : results.cells) {
    if (cell.failed == 0) continue;
    lines.push_back(absl::StrCat("failed: ", CellText(cell.cell), ", ",
                                 CountText(cell.failed, "execution: ", "executions, the last: "),
                                 cell.failure));
  }
  return lines;
}

std::string RepeatsText(const CellResult& cell) {
  if (cell.imported.has_value()) return "a result of another tool";
  return cell.fresh_starts ? "fresh starts" : "windows of one running server";
}

}  // namespace assay::controller

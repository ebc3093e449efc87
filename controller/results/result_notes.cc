#include "controller/results/result_notes.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "controller/plan/cells.h"
#include "controller/results/imported_results.h"
#include "controller/results/results_json.h"

namespace assay::controller {

std::vector<std::string> NotesOf(const CampaignResults& results) {
  std::vector<std::string> notes;
  bool fresh = false;
  bool closed = false;
  uint64_t retried = 0;
  std::map<std::string, size_t> windows;
  for (const CellResult& cell : results.cells) {
    if (cell.imported.has_value()) {
      closed = closed || cell.cell.mode() == "closed";
      continue;
    }
    closed = closed || cell.cell.rate_per_s() <= 0;
    fresh = fresh || cell.fresh_starts;
    retried += cell.retried;
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
        "medians over ", count, count == 1 ? " window" : " windows", " of one running server, ",
        target,
        ", which was not restarted: windows of one process are not independent, so there is no "
        "interval"));
  }
  if (retried > 0) {
    notes.push_back(absl::StrCat(
        retried, retried == 1 ? " request was" : " requests were",
        " retried because the server closed the connection or refused the stream before it "
        "processed them; they are not errors, and their latency counts from the first attempt"));
  }
  if (results.judged_again > 0) {
    notes.push_back(absl::StrCat(
        "the gates of ", results.judged_again,
        results.judged_again == 1 ? " execution are" : " executions are",
        " those of today's rules (version ", results.rules_version,
        "), judged from the stored records; older rules judged them when they were measured"));
  }
  for (std::string& note : ImportNotesOf(results)) notes.push_back(std::move(note));
  if (closed) {
    notes.emplace_back(
        "closed loop: a connection sends nothing while it waits for a response, so p99 and beyond "
        "do "
        "not show stalls; measure tails in an open loop");
  }
  return notes;
}

std::string ProgressText(const CampaignResults& results) {
  const CampaignRecord& campaign = results.campaign;
  if (IsImported(campaign)) return absl::StrCat("imported from ", campaign.imported_from());
  return absl::StrCat(StatusText(campaign.status()), ", ", results.finished_blocks, " of ",
                      campaign.plan().blocks(), " blocks");
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
    lines.push_back(
        absl::StrCat("failed: ", CellText(cell.cell), ", ", cell.failed,
                     cell.failed == 1 ? " execution: " : " executions, the last: ", cell.failure));
  }
  return lines;
}

std::string RepeatsText(const CellResult& cell) {
  if (cell.imported.has_value()) return "a result of another tool";
  return cell.fresh_starts ? "fresh starts" : "windows of one running server";
}

}  // namespace assay::controller

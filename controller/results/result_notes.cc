#include "controller/results/result_notes.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>

#include "absl/strings/str_cat.h"
#include "common/number_text.h"

namespace assay::controller {

std::vector<std::string> NotesOf(const CampaignResults& results) {
  std::vector<std::string> notes;
  bool fresh = false;
  bool closed = false;
  bool left_out = false;
  uint64_t retried = 0;
  std::map<std::string, size_t> windows;
  for (const CellResult& cell : results.cells) {
    closed = closed || cell.cell.rate_per_s() <= 0;
    fresh = fresh || cell.fresh_starts;
    retried += cell.retried;
    left_out = left_out || !cell.left_out.empty();
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
  if (results.judged_again > 0) {
    notes.push_back(absl::StrCat(
        "the gates of ", CountText(results.judged_again, "execution"),
        " are those of today's rules (version ", results.rules_version,
        "), judged from the stored records; older rules judged them when they were measured"));
  }
  if (closed) {
    notes.emplace_back(
        "closed loop: a connection sends nothing while it waits for a response, so p99 and beyond "
        "do "
        "not show stalls; measure tails in an open loop");
  }
  return notes;
}

std::string RepeatsText(const CellResult& cell) {
  return cell.fresh_starts ? "fresh starts" : "windows of one running server";
}

}  // namespace assay::controller

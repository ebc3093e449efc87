#include "controller/results/result_notes.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>

#include "absl/strings/str_cat.h"
#include "controller/plan/capacity_search.h"
#include "controller/results/capacity_output.h"

namespace assay::controller {

std::vector<std::string> NotesOf(const CampaignResults& results) {
  std::vector<std::string> notes;
  bool fresh = false;
  bool closed = false;
  bool search = false;
  uint64_t retried = 0;
  std::map<std::string, size_t> windows;
  for (const CellResult& cell : results.cells) {
    closed = closed || cell.cell.mode() == "closed";
    search = search || IsSearch(cell.cell);
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
  if (search) {
    notes.emplace_back(
        "a capacity is the highest rate, in requests per second with Poisson arrivals, that met "
        "the objective in a full-length execution after a search of its own in each block; the "
        "other figures are those of the executions that confirmed it");
    for (const CapacityResult& capacity : results.capacity) {
      notes.push_back(absl::StrCat("capacity of ", capacity.cell.target(), " ",
                                   capacity.cell.workload(), ": ", CapacityText(capacity)));
    }
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

#include "controller/results/profile_pairs.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "controller/plan/cells.h"

namespace assay::controller {
namespace {

// Whether two cells differ only in their targets.
bool DoTheSame(const Cell& a, const Cell& b) {
  return a.workload() == b.workload() && a.mode() == b.mode() &&
         a.connections() == b.connections() && a.rate_per_s() == b.rate_per_s() &&
         a.profiled() == b.profiled();
}

std::string TitleOf(const CellProfiles& cell) {
  return absl::StrCat(cell.cell.target(), " against ", cell.baseline, ": ", cell.cell.workload(),
                      ", ", LevelText(cell.cell));
}

}  // namespace

ProfilePairs PairsOf(const std::vector<CellProfiles>& cells) {
  ProfilePairs found;
  for (const CellProfiles& other : cells) {
    if (other.cell.target() == other.baseline) continue;
    const auto baseline = std::find_if(cells.begin(), cells.end(), [&](const CellProfiles& one) {
      return one.cell.target() == other.baseline && DoTheSame(one.cell, other.cell);
    });
    const bool has_baseline = baseline != cells.end() && !baseline->runs.empty();
    if (has_baseline && !other.runs.empty()) {
      found.pairs.push_back({&*baseline, &other});
      continue;
    }
    const CellProfiles* const bare = has_baseline              ? &other
                                     : baseline != cells.end() ? &*baseline
                                                               : nullptr;
    const bool known = bare != nullptr && !bare->Missing().empty();
    found.left_out.push_back(absl::StrCat(TitleOf(other), ": no profile of ",
                                          has_baseline ? other.cell.target() : other.baseline, ": ",
                                          known ? bare->Missing() : "none was taken"));
  }
  return found;
}

std::string TitleOf(const ProfilePair& pair) { return TitleOf(*pair.other); }

}  // namespace assay::controller

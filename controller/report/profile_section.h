#ifndef ASSAY_CONTROLLER_REPORT_PROFILE_SECTION_H_
#define ASSAY_CONTROLLER_REPORT_PROFILE_SECTION_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "analysis/profile/categories.h"
#include "controller/results/profile_pairs.h"
#include "controller/results/profile_results.h"
#include "controller/results/text_table.h"

namespace assay::controller {

// What profiles look like in pages. Fragments need FlameGraphStyle() and FlameGraphScript() of flame_graph.h in the
// page.

// The rules of analysis/profile/categories.textproto.
absl::StatusOr<CategoryRules> LoadCategoryRules();

// System calls and what time is spent on, of several cells side by side: share of the CPU, microseconds a request, and
// calls a request where they were counted, or why they were not where the plan asked.
std::string CostTables(const std::vector<CellProfiles>& cells, const CategoryRules& rules);
// The same as text for a terminal, as many cells side by side as `width` columns hold.
std::string CostText(const std::vector<CellProfiles>& cells, const CategoryRules& rules,
                     size_t width = kAnyWidth);

// A cell's time on the CPU, and off it where there was some, as flame graphs.
std::string ProfileFragments(const CellProfiles& cell);
// A target against the baseline: functions that differ by more than chance, then differential flame graphs by what the
// time is for, by system call, and of whole stacks. Errors as of CompareCells().
absl::StatusOr<std::string> DifferenceFragments(const ProfilePair& pair,
                                                const CategoryRules& rules);

// The same as whole pages.
std::string ProfilePage(const CellProfiles& cell);
absl::StatusOr<std::string> DifferencePage(const ProfilePair& pair, const CategoryRules& rules);

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_REPORT_PROFILE_SECTION_H_

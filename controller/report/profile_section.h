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

// Page fragments for profiles. The page must contain FlameGraphStyle() and FlameGraphScript() of flame_graph.h.

// The rules of analysis/profile/categories.textproto.
absl::StatusOr<CategoryRules> LoadCategoryRules();

// A table of system calls and categories, with several cells side by side: share of the CPU, microseconds per
// request, and calls per request. If calls were requested but not counted, the reason is shown.
std::string CostTables(const std::vector<CellProfiles>& cells, const CategoryRules& rules);
// The same as text for a terminal, with as many cells side by side as fit `width` columns.
std::string CostText(const std::vector<CellProfiles>& cells, const CategoryRules& rules,
                     size_t width = kAnyWidth);

// Flame graphs of a cell's time on the CPU, and of its time off the CPU if there was some.
std::string ProfileFragments(const CellProfiles& cell);
// A target compared with the baseline: what the difference is made of, the functions that differ by more than chance,
// then differential flame graphs by category, by system call, and of whole stacks. Errors are those of CompareCells().
absl::StatusOr<std::string> DifferenceFragments(const ProfilePair& pair,
                                                const CategoryRules& rules);

// The same as whole pages.
std::string ProfilePage(const CellProfiles& cell);
absl::StatusOr<std::string> DifferencePage(const ProfilePair& pair, const CategoryRules& rules);

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_REPORT_PROFILE_SECTION_H_

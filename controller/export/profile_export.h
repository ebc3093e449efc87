#ifndef ASSAY_CONTROLLER_EXPORT_PROFILE_EXPORT_H_
#define ASSAY_CONTROLLER_EXPORT_PROFILE_EXPORT_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "analysis/profile/categories.h"
#include "controller/export/exported_file.h"
#include "controller/results/profile_results.h"

namespace assay::controller {

// The formats in which profiles leave: "folded", "flamegraph", "pprof", "speedscope", "perf-script".
bool IsProfileFormat(std::string_view format);

// Files of that format: of each cell for "folded" (samples of all runs) and "flamegraph" (a page, then the differential
// ones of PairsOf()), of each run for the others. A differential page of profiles that cannot be compared, or of one
// that was refused, is left out. kNotFound where there is no profile, with the reason.
// `rules`: what functions are for, by which differential ones are drawn.
absl::StatusOr<Export> ExportProfiles(const std::vector<CellProfiles>& cells,
                                      std::string_view format, const CategoryRules& rules);

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_EXPORT_PROFILE_EXPORT_H_

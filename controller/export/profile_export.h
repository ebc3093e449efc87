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

// The export formats of profiles: "folded", "flamegraph", "pprof", "speedscope", "perf-script".
bool IsProfileFormat(std::string_view format);

// The files in that format. "folded" gives one file per cell (samples of all runs). "flamegraph" gives one page per
// cell, then one differential page per pair of PairsOf(). The other formats give one file per run. A differential
// page is left out if a profile was refused or the two cannot be compared. kNotFound, with the reason, if there is no
// profile. `rules`: the categories of functions in differential pages.
absl::StatusOr<Export> ExportProfiles(const std::vector<CellProfiles>& cells,
                                      std::string_view format, const CategoryRules& rules);

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_EXPORT_PROFILE_EXPORT_H_

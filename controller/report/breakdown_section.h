#ifndef ASSAY_CONTROLLER_REPORT_BREAKDOWN_SECTION_H_
#define ASSAY_CONTROLLER_REPORT_BREAKDOWN_SECTION_H_

#include <string>

#include "analysis/profile/breakdown.h"
#include "controller/results/profile_pairs.h"

namespace assay::controller {

// A page fragment that shows what the difference between two targets is made of: the sentence, and a table of categories
// and functions with a bar per row. A bar begins at zero; a line across it shows the interval. Rows that do not differ by
// more than chance are grey.
std::string BreakdownFragment(const ProfilePair& pair, const DifferenceBreakdown& breakdown);

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_REPORT_BREAKDOWN_SECTION_H_

#ifndef ASSAY_CONTROLLER_REPORT_REPORT_PAGE_H_
#define ASSAY_CONTROLLER_REPORT_REPORT_PAGE_H_

#include <string>
#include <vector>

#include "analysis/profile/categories.h"
#include "controller/results/campaign_results.h"
#include "controller/results/profile_results.h"
#include "controller/verdict/campaign_verdict.h"

namespace assay::controller {

// A campaign as one self-contained HTML file. The page loads nothing, and it is readable without a script and in
// print. Sections: the verdict if there is one, the cells, the figures over load levels, the gates, the profiles if
// there are any, and the hosts.
// Each section is one function in report_page.cc and is listed once.
std::string ReportPage(const CampaignResults& results, const std::vector<CellProfiles>& profiles,
                       const CategoryRules& rules, const CampaignVerdict* verdict = nullptr);

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_REPORT_REPORT_PAGE_H_

#ifndef ASSAY_CONTROLLER_REPORT_VERDICT_SECTION_H_
#define ASSAY_CONTROLLER_REPORT_VERDICT_SECTION_H_

#include <string>

#include "controller/results/campaign_results.h"
#include "controller/verdict/campaign_verdict.h"

namespace assay::controller {

// The begin of a report: the sentences of the verdict, a badge per gate that did not pass, a forest plot, and a table of
// the comparisons with the same content as the plot. HTML without a script.
std::string VerdictHtml(const CampaignResults& results, const CampaignVerdict& verdict);

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_REPORT_VERDICT_SECTION_H_

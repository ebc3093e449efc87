#ifndef ASSAY_CONTROLLER_EXPORT_JUNIT_TEXT_H_
#define ASSAY_CONTROLLER_EXPORT_JUNIT_TEXT_H_

#include <string>

#include "controller/results/campaign_results.h"
#include "controller/verdict/campaign_verdict.h"

namespace assay::controller {

// A campaign as JUnit XML, in the form that Jenkins and GitLab read: <testsuites> with the suites "measurement" (was every
// cell measured), "gates", "thresholds" and "verdicts". A suite without cases is left out.
//
//   error    what voids a result: a cell that was not measured, an invalid gate, and a threshold or a verdict that an
//            invalid gate voids
//   failure  a missed threshold, and the verdict "slower"
//   skipped  what is not decided, with the reason: an inconclusive verdict, a threshold whose limit lies in the interval, an
//            unreadable gate, a skipped target
//
// A gate that warns passes, and its advice is the output of the case. Of the comparisons, those in the primary metric are
// cases. `results`: with the gates of the verdict (TakeVerdict()). `verdict`: nullptr if the plan wants none.
std::string JunitText(const CampaignResults& results, const CampaignVerdict* verdict);

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_EXPORT_JUNIT_TEXT_H_

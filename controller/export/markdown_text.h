#ifndef ASSAY_CONTROLLER_EXPORT_MARKDOWN_TEXT_H_
#define ASSAY_CONTROLLER_EXPORT_MARKDOWN_TEXT_H_

#include <string>
#include <string_view>

#include "controller/results/campaign_results.h"
#include "controller/verdict/campaign_verdict.h"

namespace assay::controller {

// A campaign as Markdown for a pull request (GitHub's dialect): the sentences of the verdict, the table of the cells with
// their intervals, what the figures lack, the gates that did not pass, the thresholds, the comparisons in all metrics, the
// environment of the hosts, and the command that runs the campaign again. Long parts are folded.
//
// Does not contain the plan, because its requests may carry credentials. Names and messages cannot change the structure.
// `results`: with the gates of the verdict (TakeVerdict()). `verdict`: nullptr if the plan wants none. `rerun`: the command;
// empty for a campaign that cannot run again.
std::string MarkdownText(const CampaignResults& results, const CampaignVerdict* verdict,
                         std::string_view rerun);

// `text` so that Markdown shows it as it is, on one line, also within a table.
std::string MarkdownEscaped(std::string_view text);

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_EXPORT_MARKDOWN_TEXT_H_

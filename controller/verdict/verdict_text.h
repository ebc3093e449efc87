#ifndef ASSAY_CONTROLLER_VERDICT_VERDICT_TEXT_H_
#define ASSAY_CONTROLLER_VERDICT_VERDICT_TEXT_H_

#include <string>

#include "controller/results/results_text.h"
#include "controller/verdict/campaign_verdict.h"

namespace assay::controller {

// The sentences of a verdict, each on lines of its own; the first is the answer.
std::string SentencesText(const CampaignVerdict& verdict, TextWidth width = TextWidth::kScreen);

// The intervals of the primary comparisons and the A/A controls, drawn on one axis of log ratios, one row each:
//
//   hyper 64 connections   |      : . | . :            [====o====]   +31 % [29, 33] slower
//
// A point of the axis beyond the floor and within the zone is marked, and a legend explains the marks. Empty if no
// comparison has an estimate. `columns`: the width, at least 60.
std::string ForestPlot(const CampaignVerdict& verdict, size_t columns);

// What `compare` prints: the sentences, a forest plot, a table of all comparisons, and what differs between the hosts
// of two campaigns.
std::string ToText(const CampaignVerdict& verdict, TextWidth width = TextWidth::kScreen);

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_VERDICT_VERDICT_TEXT_H_

#ifndef ASSAY_CONTROLLER_RESULTS_RESULTS_TEXT_H_
#define ASSAY_CONTROLLER_RESULTS_RESULTS_TEXT_H_

#include <string>
#include <vector>

#include "controller/results/campaign_results.h"
#include "controller/store/store.h"

namespace assay::controller {

// How text for people is laid out.
enum class TextWidth {
  // At most 100 columns (kTextColumns): intervals as ±, long names shortened, columns left out that have no room.
  kScreen,
  // All columns, lines as long as they are.
  kWide,
};

// What people read on a terminal: a head, a table of cells with intervals, what the gates say,
// thresholds.
std::string ToText(const CampaignResults& results, TextWidth width = TextWidth::kScreen);

// One row a cell, for spreadsheets: every figure with its low and high; a header line first (RFC
// 4180).
std::string ToCsv(const CampaignResults& results);

// One row a campaign.
std::string ToText(const std::vector<CampaignSummary>& campaigns,
                   TextWidth width = TextWidth::kScreen);
std::string ToCsv(const std::vector<CampaignSummary>& campaigns);

// One paragraph an agent: who, CPUs, clock, targets, perf abilities.
std::string ToText(const std::vector<AgentRecord>& agents, TextWidth width = TextWidth::kScreen);

// Any text for people, wrapped to that width.
std::string Fitted(const std::string& text, TextWidth width);

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_RESULTS_RESULTS_TEXT_H_

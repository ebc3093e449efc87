#ifndef ASSAY_CONTROLLER_RESULTS_RESULTS_TEXT_H_
#define ASSAY_CONTROLLER_RESULTS_RESULTS_TEXT_H_

#include <string>
#include <vector>

#include "controller/results/campaign_results.h"
#include "controller/store/store.h"

namespace assay::controller {

// The width of text for people.
enum class TextWidth {
  // At most 100 columns (kTextColumns). Intervals are printed as ±, long names are shortened, and optional columns
  // are left out.
  kScreen,
  // All columns, without a limit on the length of a line.
  kWide,
};

// A report for a terminal: a header, a table of cells with intervals, the findings of gates, and thresholds.
std::string ToText(const CampaignResults& results, TextWidth width = TextWidth::kScreen);

// CSV for spreadsheets (RFC 4180): a header line, then one row per cell, with every figure and the low and high of
// its interval.
std::string ToCsv(const CampaignResults& results);

// One row per campaign.
std::string ToText(const std::vector<CampaignSummary>& campaigns,
                   TextWidth width = TextWidth::kScreen);
std::string ToCsv(const std::vector<CampaignSummary>& campaigns);

// One paragraph per agent: its name, CPUs, clock, targets and perf abilities.
std::string ToText(const std::vector<AgentRecord>& agents, TextWidth width = TextWidth::kScreen);

// Wraps any text for people to that width.
std::string Fitted(const std::string& text, TextWidth width);

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_RESULTS_RESULTS_TEXT_H_

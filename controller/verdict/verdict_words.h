#ifndef ASSAY_CONTROLLER_VERDICT_VERDICT_WORDS_H_
#define ASSAY_CONTROLLER_VERDICT_VERDICT_WORDS_H_

#include <string>
#include <vector>

#include "controller/verdict/campaign_verdict.h"

namespace assay::controller {

// The words of a verdict. Text, JSON and reports show these and have none of their own. Names come from plans: the
// renderers escape them.

// A ratio as a change in percent with its interval: "+0.1 % [-0.3, 0.5]"; without an interval: "+0.1 %".
std::string ChangeText(const Estimate& ratio);

// The two sides of a comparison: "hyper against epoll"; of two campaigns: "epoll in 0123456789ab against ...".
std::string SidesText(const Comparison& comparison);

// The level, and the workload if `with_workload`: "json, 64 connections".
std::string PlaceText(const Comparison& comparison, bool with_workload);

// For example "hyper needs 31 % [29, 33] more server CPU a request than epoll at 64 connections (slower)." One sentence,
// or two if a gate takes the verdict away.
std::string SentenceOf(const Comparison& comparison, bool with_workload);

// The verdict for people: one sentence per primary comparison, then the A/A control, then whether anything invalidates
// the result, then what limits it. The first element is the answer.
std::vector<std::string> SentencesOf(const CampaignVerdict& verdict);

// One comparison as the texts of a table.
struct ComparisonWords {
  // "hyper against epoll"; of a control "A/A epoll (again) against epoll".
  std::string sides;
  std::string place;
  // With " *" if the verdict rests on it.
  std::string metric;
  // As ChangeText(); "n/a" if nothing could be compared.
  std::string change;
  std::string verdict;
  std::string blocks;
  // How many blocks would decide; empty if that is not known or not needed.
  std::string needed;
};
// All comparisons, the controls last.
std::vector<ComparisonWords> ComparisonsOf(const CampaignVerdict& verdict);

// What "*" and the confidence of such a table mean, without a full stop.
std::string FamilyText(const CampaignVerdict& verdict);

// "interleaved", "sequential" or "two campaigns".
std::string DesignText(CampaignVerdict::Design design);

// Whether the comparisons have more than one workload.
bool HasWorkloads(const CampaignVerdict& verdict);

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_VERDICT_VERDICT_WORDS_H_

#ifndef ASSAY_CONTROLLER_RESULTS_GATE_FINDINGS_H_
#define ASSAY_CONTROLLER_RESULTS_GATE_FINDINGS_H_

#include <cstddef>
#include <string>
#include <vector>

#include "controller/results/campaign_results.h"
#include "proto/results.pb.h"

namespace assay::controller {

// A gate's judgement. The same judgement in several cells is one finding.
struct GateFinding {
  // The judgement in the first cell.
  GateResult gate;
  // Names of cells for people; "the campaign" for gates of the whole campaign.
  std::vector<std::string> cells;

  // For example "epoll json 64 connections and 3 more".
  std::string Where() const;
};

struct GateFindings {
  size_t passed = 0;
  std::vector<GateFinding> findings;
};

GateFindings FindingsOf(const CampaignResults& results);

// The advice of a gate. Of an unreadable figure, only the reason why it could not be read.
std::string AdviceOn(const GateResult& gate);

// The figure of a gate and its limit: "errors 0.002 (limit 0.001 share)".
std::string GateFigureText(const GateResult& gate);

// The finding as one line without a full stop: "warn: same_host 1.000 (limit 0) in epoll json 64 connections: ADVICE".
std::string FindingText(const GateFinding& finding);

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_RESULTS_GATE_FINDINGS_H_

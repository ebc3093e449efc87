#ifndef ASSAY_CONTROLLER_RESULTS_THRESHOLD_TEXT_H_
#define ASSAY_CONTROLLER_RESULTS_THRESHOLD_TEXT_H_

#include <string>

#include "controller/results/campaign_results.h"

namespace assay::controller {

// The words of a threshold. Text, Markdown and JUnit show these and have none of their own. Names come from plans: the
// renderers escape them.

// What the threshold asks of which cell: "p99_us of epoll json 64 connections, at most 500".
std::string ThresholdName(const ThresholdResult& one);

// The outcome, without a full stop: "threshold missed: p99_us of epoll json 64 connections is 812.0, at most 500".
std::string ThresholdText(const ThresholdResult& one);

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_RESULTS_THRESHOLD_TEXT_H_

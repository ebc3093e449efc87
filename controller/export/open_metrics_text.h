#ifndef ASSAY_CONTROLLER_EXPORT_OPEN_METRICS_TEXT_H_
#define ASSAY_CONTROLLER_EXPORT_OPEN_METRICS_TEXT_H_

#include <string>

#include "controller/results/campaign_results.h"
#include "controller/verdict/campaign_verdict.h"

namespace assay::controller {

// Whether the samples have the time at which the campaign ended.
enum class SampleTimes {
  // For a file that is read once, such as `promtool tsdb create-blocks-from openmetrics`.
  kOfCampaign,
  // For an endpoint that is scraped: Prometheus then takes the time of the scrape.
  kNone,
};

// A campaign in the OpenMetrics text format, version 1.0:
//
//   assay_campaign_info           id, label, plan and status
//   assay_METRIC, assay_METRIC_low, assay_METRIC_high
//                                 each metric of analysis/metrics.h by cell: the median over executions and its interval
//   assay_executions, assay_failed_executions
//   assay_gate_value, assay_gate_limit, assay_gate_verdict
//   assay_threshold               met, missed or undecided
//   assay_comparison_ratio, _low, _high, assay_comparison_verdict
//                                 candidate divided by baseline, in every metric
//
// Metrics have the names and units of docs/metrics.md, microseconds among them. A figure that is not known has no sample.
// Each sample has the label `campaign`. `verdict`: nullptr if the plan wants none.
std::string OpenMetricsText(const CampaignResults& results, const CampaignVerdict* verdict,
                            SampleTimes times);

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_EXPORT_OPEN_METRICS_TEXT_H_

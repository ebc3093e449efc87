#ifndef ASSAY_AGENT_LOADGEN_REPORT_TEXT_H_
#define ASSAY_AGENT_LOADGEN_REPORT_TEXT_H_

#include <string>

#include "agent/loadgen/load_result.h"
#include "agent/loadgen/options.h"

namespace assay::loadgen {

// A result for people: what was offered, what came back, the latency's quantiles with a plot in characters, and what
// limits its truth.
std::string FormatTable(const LoadResult& result, const LoadOptions& options);

// The time series: a header, then a line a second. Times in microseconds; an unsupported quantile is empty.
//   second,sent,ok,errors,timeouts,p50_us,p90_us,p99_us,max_us
std::string FormatCsv(const LoadResult& result);

}  // namespace assay::loadgen

#endif  // ASSAY_AGENT_LOADGEN_REPORT_TEXT_H_

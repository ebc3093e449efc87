#ifndef ASSAY_AGENT_LOADGEN_REPORT_COMPARE_H_
#define ASSAY_AGENT_LOADGEN_REPORT_COMPARE_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "agent/loadgen/load_result.h"

namespace assay::loadgen {

// kInvalidArgument when that is not a result as FormatJson() writes it.
absl::Status CheckEarlier(std::string_view earlier_json);

// An earlier result (as FormatJson() writes it) beside this one, a line a figure with the change. Two runs
// decide nothing, and it says so. kInvalidArgument when the earlier one cannot be read.
absl::StatusOr<std::string> FormatComparison(std::string_view earlier_json,
                                             const LoadResult& result);

}  // namespace assay::loadgen

#endif  // ASSAY_AGENT_LOADGEN_REPORT_COMPARE_H_

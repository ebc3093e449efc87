#ifndef ASSAY_AGENT_LOADGEN_REPORT_COMPARE_H_
#define ASSAY_AGENT_LOADGEN_REPORT_COMPARE_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "agent/loadgen/load_result.h"
#include "agent/loadgen/report_json.h"

namespace assay::loadgen {

// kInvalidArgument when that is not a result as FormatJson() writes it.
absl::Status CheckEarlier(std::string_view earlier_json);

// An earlier result (as FormatJson() writes it) beside this one, a line a figure with the change, and each setting that
// differs, where both are given. Two runs decide nothing, and it says so. kInvalidArgument when the earlier one cannot
// be read.
absl::StatusOr<std::string> FormatComparison(std::string_view earlier_json,
                                             const LoadResult& result,
                                             const RunSettings* settings = nullptr);

}  // namespace assay::loadgen

#endif  // ASSAY_AGENT_LOADGEN_REPORT_COMPARE_H_

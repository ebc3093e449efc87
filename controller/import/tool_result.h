#ifndef ASSAY_CONTROLLER_IMPORT_TOOL_RESULT_H_
#define ASSAY_CONTROLLER_IMPORT_TOOL_RESULT_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "proto/results.pb.h"

namespace assay::controller {

// The result of one run of another tool, read from its output.
struct ToolResult {
  ImportedResult result;
  // "closed" for a tool whose connections wait for each response; empty if the output does not tell.
  std::string mode;
  // 0 if the output does not contain it.
  uint32_t connections = 0;
};

// Reads the output of one run, and recognises the tool by the content:
//
//   text   wrk, wrk2 (also with --latency), h2load, hey, oha
//   JSON   oha, k6 (--summary-export, or handleSummary()), Fortio
//
// Units are converted exactly (decimal.h). A figure that the output does not contain is not set; a time that the tool
// rounded to zero is not known, and a note says so.
// kInvalidArgument: "line 7: WHAT", also if no tool is recognised, or if the text has more than one result.
absl::StatusOr<ToolResult> ParseToolResult(std::string_view text);

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_IMPORT_TOOL_RESULT_H_

#ifndef ASSAY_CONTROLLER_IMPORT_TOOL_PARSERS_H_
#define ASSAY_CONTROLLER_IMPORT_TOOL_PARSERS_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "controller/import/json_tree.h"
#include "controller/import/tool_result.h"

namespace assay::controller {

// One parser for each format of ParseToolResult().

struct TextLine {
  // From 1.
  size_t number = 0;
  // Without the line end.
  std::string_view text;
};

// kInvalidArgument: "line 7: WHAT".
absl::Status LineError(size_t line, const std::string& what);

// The words of a line, which blanks and tabs separate.
std::vector<std::string_view> WordsOf(std::string_view text);
// `text` without blanks and tabs at its ends.
std::string_view Trimmed(std::string_view text);
// `text` as it appears in an error: in quotation marks, and shortened.
std::string Quoted(std::string_view text);

// wrk and wrk2.
absl::StatusOr<ToolResult> ParseWrkText(const std::vector<TextLine>& lines);
absl::StatusOr<ToolResult> ParseH2loadText(const std::vector<TextLine>& lines);
// hey, and oha, whose text has the same form.
absl::StatusOr<ToolResult> ParseHeyText(const std::vector<TextLine>& lines);
// oha, k6 and Fortio.
absl::StatusOr<ToolResult> ParseToolJson(const JsonTree& json);

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_IMPORT_TOOL_PARSERS_H_

#include "controller/import/tool_result.h"

#include <algorithm>
#include <cstddef>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "common/status_macros.h"
#include "common/utf8.h"
#include "controller/import/json_tree.h"
#include "controller/import/tool_parsers.h"

namespace assay::controller {
namespace {

std::vector<TextLine> LinesOf(std::string_view text) {
  std::vector<TextLine> lines;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    lines.push_back({lines.size() + 1, line});
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

bool Has(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

using Parser = absl::StatusOr<ToolResult> (*)(const std::vector<TextLine>& lines);

// The parser of the first line that only one tool prints; nullptr if there is no such line.
Parser ParserFor(const std::vector<TextLine>& lines) {
  for (const TextLine& line : lines) {
    if (line.text.starts_with("Running ") && Has(line.text, " test @ ")) return ParseWrkText;
    if (line.text.starts_with("starting benchmark...") ||
        (line.text.starts_with("finished in ") && Has(line.text, " req/s"))) {
      return ParseH2loadText;
    }
    if (line.text == "Summary:") return ParseHeyText;
  }
  return nullptr;
}

}  // namespace

std::vector<std::string_view> WordsOf(std::string_view text) {
  std::vector<std::string_view> words;
  for (const absl::string_view word : absl::StrSplit(absl::string_view(text.data(), text.size()),
                                                     absl::ByAnyChar(" \t"), absl::SkipEmpty())) {
    words.emplace_back(word.data(), word.size());
  }
  return words;
}

std::string_view Trimmed(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return "";
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

std::string Quoted(std::string_view text) {
  constexpr size_t kMostBytes = 60;
  const std::string_view shown = CutAtCharacter(text, kMostBytes);
  return absl::StrCat("'", TerminalText(shown), shown.size() < text.size() ? "...'" : "'");
}

absl::Status LineError(size_t line, const std::string& what) {
  return absl::InvalidArgumentError(absl::StrCat("line ", line, ": ", what));
}

absl::StatusOr<ToolResult> ParseToolResult(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return LineError(1, "the file is empty");
  if (text[first] == '{' || text[first] == '[') {
    ASSAY_ASSIGN_OR_RETURN(const JsonTree json, ParseJsonTree(text));
    return ParseToolJson(json);
  }
  const std::vector<TextLine> lines = LinesOf(text);
  const Parser parser = ParserFor(lines);
  if (parser != nullptr) return parser(lines);
  return LineError(1,
                   "this is not the output of a tool that Assay knows: wrk, wrk2, h2load, hey, oha "
                   "(text or JSON), k6 (summary as JSON) or Fortio (JSON)");
}

}  // namespace assay::controller

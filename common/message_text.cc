#include "common/message_text.h"

#include "absl/strings/cord.h"
#include "absl/strings/str_join.h"
#include "common/utf8.h"

namespace assay {
namespace {

constexpr char kLines[] = "assay/lines";

}  // namespace

absl::Status StatusOfLines(absl::StatusCode code, const std::vector<std::string>& lines) {
  const auto add = [](std::string* text, const std::string& line) { *text += TerminalText(line); };
  absl::Status status(code, absl::StrJoin(lines, "\n", add));
  status.SetPayload(kLines, absl::Cord());
  return status;
}

std::string MessageText(const absl::Status& status) {
  const std::string message(status.message());
  return status.GetPayload(kLines).has_value() ? TerminalLines(message) : TerminalText(message);
}

}  // namespace assay

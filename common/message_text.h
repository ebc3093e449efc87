#ifndef ASSAY_COMMON_MESSAGE_TEXT_H_
#define ASSAY_COMMON_MESSAGE_TEXT_H_

#include <string>
#include <vector>

#include "absl/status/status.h"

namespace assay {

// Messages quote text of users, files and peers. A line feed in quoted text must not look like a line of the program
// itself, so a message has one line unless StatusOfLines() made it.

// A status whose message has several lines. Wrapping its message in another status makes it one line.
absl::Status StatusOfLines(absl::StatusCode code, const std::vector<std::string>& lines);

// The message of `status` for a terminal, escaped by TerminalText() of common/utf8.h. It has one line, or several if
// StatusOfLines() made the status.
std::string MessageText(const absl::Status& status);

}  // namespace assay

#endif  // ASSAY_COMMON_MESSAGE_TEXT_H_

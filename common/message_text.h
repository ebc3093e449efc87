#ifndef ASSAY_COMMON_MESSAGE_TEXT_H_
#define ASSAY_COMMON_MESSAGE_TEXT_H_

#include <string>
#include <vector>

#include "absl/status/status.h"

namespace assay {

// Messages quote what users, files and peers say. A line feed in a quoted text must not look like a line of the program's
// own, so a message is one line unless whoever made it says otherwise.

// A status with a message of several lines. Wrapping its message in another status makes it one line.
absl::Status StatusOfLines(absl::StatusCode code, const std::vector<std::string>& lines);

// The message of `status` for a terminal, by TerminalText() of common/utf8.h: one line; several where StatusOfLines() made
// it.
std::string MessageText(const absl::Status& status);

}  // namespace assay

#endif  // ASSAY_COMMON_MESSAGE_TEXT_H_

#ifndef ASSAY_COMMON_UTF8_H_
#define ASSAY_COMMON_UTF8_H_

#include <cstddef>
#include <string>
#include <string_view>

namespace assay {

// `text` with every byte that is no part of well-formed UTF-8 replaced by U+FFFD, and NUL too: what
// programs print goes into protobuf strings, which refuse anything else, and onto terminals.
std::string ToValidUtf8(std::string_view text);

// Whether `text` is UTF-8 as RFC 3629 has it: no overlong form, no surrogate, nothing beyond U+10FFFF.
bool IsUtf8(std::string_view text);

// The longest beginning of `text` of at most `max_bytes` that does not end within a character.
std::string_view CutAtCharacter(std::string_view text, size_t max_bytes);

// `text` as one line that a terminal shows and does not obey: control characters (line breaks and tabs too), DEL, the
// C1 controls and the characters that turn the direction of writing are written as escapes, "\x1b" or "\u202e", and
// bytes that are no UTF-8 as U+FFFD.
std::string TerminalText(std::string_view text);

// The same for text of several lines: line feeds stay.
std::string TerminalLines(std::string_view text);

}  // namespace assay

#endif  // ASSAY_COMMON_UTF8_H_

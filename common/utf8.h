#ifndef ASSAY_COMMON_UTF8_H_
#define ASSAY_COMMON_UTF8_H_

#include <cstddef>
#include <string>
#include <string_view>

namespace assay {

// `text` with U+FFFD for every byte that is not part of well-formed UTF-8, and for NUL. Output of programs goes into
// protobuf strings, which refuse other bytes, and to terminals.
std::string ToValidUtf8(std::string_view text);

// Whether `text` is UTF-8 by RFC 3629: no overlong form, no surrogate, nothing above U+10FFFF.
bool IsUtf8(std::string_view text);

// The longest prefix of `text` of at most `max_bytes` that does not end within a character.
std::string_view CutAtCharacter(std::string_view text, size_t max_bytes);

// `text` as one line that is safe for a terminal. Control characters (line breaks and tabs too), DEL, the C1 controls
// and the characters that change the direction of writing become escapes such as "\x1b" or "\u202e". Bytes that are not
// UTF-8 become U+FFFD.
std::string TerminalText(std::string_view text);

// The same for text of several lines: line feeds are kept.
std::string TerminalLines(std::string_view text);

}  // namespace assay

#endif  // ASSAY_COMMON_UTF8_H_

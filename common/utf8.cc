#include "common/utf8.h"

#include <cstdint>

namespace assay {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

bool IsContinuation(uint8_t byte) { return (byte & 0xC0) == 0x80; }

// The length in bytes of the well-formed character at the start of `text`, by table 3-7 of the Unicode standard; 0 if
// there is none.
size_t CharacterLength(std::string_view text) {
  const auto byte = [text](size_t i) { return i < text.size() ? uint8_t(text[i]) : uint8_t{0}; };
  const uint8_t lead = byte(0);
  if (lead < 0x80) return lead == 0 ? 0 : 1;
  if (lead >= 0xC2 && lead <= 0xDF) return IsContinuation(byte(1)) ? 2 : 0;
  if (lead >= 0xE0 && lead <= 0xEF) {
    // No overlong forms, no surrogates.
    const uint8_t low = lead == 0xE0 ? 0xA0 : 0x80;
    const uint8_t high = lead == 0xED ? 0x9F : 0xBF;
    return byte(1) >= low && byte(1) <= high && IsContinuation(byte(2)) ? 3 : 0;
  }
  if (lead >= 0xF0 && lead <= 0xF4) {
    const uint8_t low = lead == 0xF0 ? 0x90 : 0x80;
    const uint8_t high = lead == 0xF4 ? 0x8F : 0xBF;
    return byte(1) >= low && byte(1) <= high && IsContinuation(byte(2)) && IsContinuation(byte(3))
               ? 4
               : 0;
  }
  return 0;
}

// The code point of a well-formed character of two or three bytes; 0 for other lengths.
uint32_t CodeOf(std::string_view character) {
  const auto bits = [character](size_t i, uint8_t mask) {
    return uint32_t{static_cast<uint8_t>(character[i])} & mask;
  };
  if (character.size() == 2) return bits(0, 0x1F) << 6 | bits(1, 0x3F);
  if (character.size() == 3) return bits(0, 0x0F) << 12 | bits(1, 0x3F) << 6 | bits(2, 0x3F);
  return 0;
}

// Whether this code point of two or three bytes controls a terminal, or changes the order or the line of the text
// around it.
bool Steers(uint32_t code) {
  return (code >= 0x80 && code <= 0x9F) || code == 0x61C || (code >= 0x200E && code <= 0x200F) ||
         (code >= 0x2028 && code <= 0x202E) || (code >= 0x2066 && code <= 0x2069);
}

void AppendEscape(uint32_t code, std::string& out) {
  constexpr char kDigits[] = "0123456789abcdef";
  out += code > 0xFF ? "\\u" : "\\x";
  for (int shift = code > 0xFF ? 12 : 4; shift >= 0; shift -= 4)
    out += kDigits[code >> shift & 0xF];
}

std::string Harmless(std::string_view text, bool keep_line_feeds) {
  std::string harmless;
  harmless.reserve(text.size());
  while (!text.empty()) {
    const uint8_t lead = static_cast<uint8_t>(text.front());
    const size_t length = lead == 0 ? 1 : CharacterLength(text);
    const std::string_view character = text.substr(0, length);
    if (length == 0) {
      harmless += kReplacement;
    } else if (lead < 0x20 || lead == 0x7F) {
      if (lead == '\n' && keep_line_feeds) {
        harmless += '\n';
      } else {
        AppendEscape(lead, harmless);
      }
    } else if (Steers(CodeOf(character))) {
      AppendEscape(CodeOf(character), harmless);
    } else {
      harmless += character;
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return harmless;
}

}  // namespace

bool IsUtf8(std::string_view text) {
  while (!text.empty()) {
    // NUL is a valid character, but never part of program output.
    const size_t length = text.front() == '\0' ? 1 : CharacterLength(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

std::string_view CutAtCharacter(std::string_view text, size_t max_bytes) {
  if (text.size() <= max_bytes) return text;
  size_t end = max_bytes;
  // A character has at most four bytes.
  for (int back = 0; back < 3 && end > 0 && IsContinuation(static_cast<uint8_t>(text[end]));
       ++back) {
    --end;
  }
  return text.substr(0, end);
}

std::string TerminalText(std::string_view text) { return Harmless(text, false); }

std::string TerminalLines(std::string_view text) { return Harmless(text, true); }

std::string ToValidUtf8(std::string_view text) {
  std::string valid;
  valid.reserve(text.size());
  while (!text.empty()) {
    const size_t length = CharacterLength(text);
    valid += length == 0 ? kReplacement : text.substr(0, length);
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return valid;
}

}  // namespace assay

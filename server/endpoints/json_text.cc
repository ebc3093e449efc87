#include "server/endpoints/json_text.h"

#include <charconv>
#include <cstring>

namespace assay::server {
namespace {

bool NeedsEscape(unsigned char c) { return c < 0x20 || c == '"' || c == '\\'; }

// Whether one of the eight bytes needs an escape. The position in the result is not exact.
bool AnyNeedsEscape(const char* eight) {
  constexpr uint64_t kOnes = 0x0101010101010101;
  constexpr uint64_t kHighs = 0x8080808080808080;
  uint64_t bytes;
  std::memcpy(&bytes, eight, sizeof(bytes));
  const uint64_t quote = bytes ^ (kOnes * '"');
  const uint64_t backslash = bytes ^ (kOnes * '\\');
  // A byte's high bit is set if the byte is below 0x20, or zero after the exclusive or. Bytes above 0x7f are masked
  // out. A borrow may also mark the byte after a match.
  return (((bytes - kOnes * 0x20) | (quote - kOnes) | (backslash - kOnes)) & ~bytes & kHighs) != 0;
}

// The number of bytes at the front that need no escape. Checks eight bytes at a time; the last eight may overlap the
// ones before. Names are long and escapes rare.
size_t PlainPrefix(std::string_view text) {
  size_t i = 0;
  while (i + 8 <= text.size() && !AnyNeedsEscape(text.data() + i)) i += 8;
  if (i > 0 && i + 8 > text.size() && !AnyNeedsEscape(text.data() + text.size() - 8)) {
    return text.size();
  }
  while (i < text.size() && !NeedsEscape(static_cast<unsigned char>(text[i]))) ++i;
  return i;
}

void AppendEscaped(unsigned char c, std::string& json) {
  static constexpr char kHex[] = "0123456789abcdef";
  json.push_back('\\');
  switch (c) {
    case '"':
    case '\\':
      json.push_back(static_cast<char>(c));
      return;
    case '\b':
      json.push_back('b');
      return;
    case '\f':
      json.push_back('f');
      return;
    case '\n':
      json.push_back('n');
      return;
    case '\r':
      json.push_back('r');
      return;
    case '\t':
      json.push_back('t');
      return;
    default:
      json.append("u00");
      json.push_back(kHex[c >> 4]);
      json.push_back(kHex[c & 15]);
  }
}

}  // namespace

void AppendJsonString(std::string_view text, std::string& json) {
  json.push_back('"');
  while (true) {
    const size_t plain = PlainPrefix(text);
    json.append(text.data(), plain);
    if (plain == text.size()) break;
    AppendEscaped(static_cast<unsigned char>(text[plain]), json);
    text.remove_prefix(plain + 1);
  }
  json.push_back('"');
}

void AppendJsonNumber(int64_t number, std::string& json) {
  char digits[20];
  json.append(digits, std::to_chars(digits, digits + sizeof(digits), number).ptr);
}

}  // namespace assay::server

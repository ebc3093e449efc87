#include "server/endpoints/json_text.h"

#include <charconv>

namespace assay {
namespace {

bool NeedsEscape(unsigned char c) { return c < 0x20 || c == '"' || c == '\\'; }

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
  size_t plain = 0;  // Where the run without escapes began.
  for (size_t i = 0; i < text.size(); ++i) {
    if (!NeedsEscape(static_cast<unsigned char>(text[i]))) continue;
    json.append(text, plain, i - plain);
    AppendEscaped(static_cast<unsigned char>(text[i]), json);
    plain = i + 1;
  }
  json.append(text, plain);
  json.push_back('"');
}

void AppendJsonNumber(int64_t number, std::string& json) {
  char digits[20];
  json.append(digits, std::to_chars(digits, digits + sizeof(digits), number).ptr);
}

}  // namespace assay

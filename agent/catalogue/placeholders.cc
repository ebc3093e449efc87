#include "agent/catalogue/placeholders.h"

#include <cstddef>

namespace assay::agent {
namespace {

bool IsNameStart(char c) { return c >= 'a' && c <= 'z'; }
bool IsNameCharacter(char c) {
  return IsNameStart(c) || (c >= '0' && c <= '9') || c == '_' || c == '.';
}

// The name of the placeholder that begins at text[open], a '{'; empty if there is none.
std::string_view NameAt(std::string_view text, size_t open) {
  size_t end = open + 1;
  if (end >= text.size() || !IsNameStart(text[end])) return {};
  while (end < text.size() && IsNameCharacter(text[end])) ++end;
  if (end == text.size() || text[end] != '}') return {};
  return text.substr(open + 1, end - open - 1);
}

}  // namespace

std::vector<std::string> Placeholders(std::string_view text) {
  std::vector<std::string> names;
  for (size_t open = text.find('{'); open != text.npos; open = text.find('{', open + 1)) {
    const std::string_view name = NameAt(text, open);
    if (!name.empty()) names.emplace_back(name);
  }
  return names;
}

std::string ReplacePlaceholders(std::string_view text,
                                const std::map<std::string, std::string>& values) {
  std::string replaced;
  size_t done = 0;
  for (size_t open = text.find('{'); open != text.npos; open = text.find('{', open + 1)) {
    const std::string_view name = NameAt(text, open);
    if (name.empty()) continue;
    const auto value = values.find(std::string(name));
    if (value == values.end()) continue;
    replaced.append(text, done, open - done).append(value->second);
    done = open + name.size() + 2;
  }
  return replaced.append(text, done, text.npos);
}

}  // namespace assay::agent

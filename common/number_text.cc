#include "common/number_text.h"

#include <charconv>
#include <cmath>

namespace assay {

std::string NumberText(double value) {
  // Longer than 1e-6 with all 17 digits of a number.
  char digits[64];
  const double size = std::fabs(value);
  const bool plain = size == 0 || (size >= 1e-6 && size < 1e15);
  const std::to_chars_result end =
      plain ? std::to_chars(digits, digits + sizeof(digits), value, std::chars_format::fixed)
            : std::to_chars(digits, digits + sizeof(digits), value);
  return std::string(digits, end.ptr);
}

std::string CountText(uint64_t count, std::string_view singular, std::string_view plural) {
  std::string text = std::to_string(count);
  text += ' ';
  text += count == 1 || plural.empty() ? singular : plural;
  if (count != 1 && plural.empty()) text += 's';
  return text;
}

}  // namespace assay

#include "controller/plan/utf8.h"

#include <cstddef>
#include <cstdint>

namespace assay {
namespace {

// How many bytes follow a first byte; -1 when it cannot be one.
int Following(uint8_t first) {
  if (first < 0x80) return 0;
  if (first >= 0xc2 && first < 0xe0) return 1;
  if (first >= 0xe0 && first < 0xf0) return 2;
  if (first >= 0xf0 && first < 0xf5) return 3;
  return -1;
}

// The smallest code point that needs so many following bytes.
constexpr uint32_t kSmallest[] = {0, 0x80, 0x800, 0x10000};

}  // namespace

bool IsUtf8(std::string_view text) {
  for (size_t i = 0; i < text.size();) {
    const uint8_t first = static_cast<uint8_t>(text[i++]);
    const int following = Following(first);
    if (following < 0 || text.size() - i < static_cast<size_t>(following)) return false;
    uint32_t code = following == 0 ? first : first & (0x3f >> following);
    for (int k = 0; k < following; ++k, ++i) {
      const uint8_t next = static_cast<uint8_t>(text[i]);
      if ((next & 0xc0) != 0x80) return false;
      code = code << 6 | (next & 0x3f);
    }
    const bool surrogate = code >= 0xd800 && code < 0xe000;
    if (code < kSmallest[following] || surrogate || code > 0x10ffff) return false;
  }
  return true;
}

}  // namespace assay

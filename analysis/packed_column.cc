#include "analysis/packed_column.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cassert>
#include <cstring>

#include "analysis/varint.h"

namespace assay {
namespace {

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "words are stored in little-endian order");

constexpr uint8_t kHasLarge = 128;
// Bytes after the packed bits that unpacking may read.
constexpr size_t kReadAhead = 16;

uint64_t LowMask(int width) { return width == 64 ? UINT64_MAX : (uint64_t{1} << width) - 1; }

size_t PackedBytes(size_t count, int width) { return (count * width + 7) / 8; }

// Writes whole 64-bit words, at most 8 bytes past the packed bits. `value(i)` returns value i, which has at most
// `width` bits.
template <typename ValueAt>
uint8_t* Pack(size_t count, int width, uint8_t* out, ValueAt value) {
  uint64_t word = 0;
  int filled = 0;
  uint8_t* at = out;
  for (size_t i = 0; i < count; ++i) {
    const uint64_t bits = value(i);
    word |= bits << filled;
    if (filled + width >= 64) {
      std::memcpy(at, &word, 8);
      at += 8;
      // Shifted in two steps, because one shift by 64 would be undefined.
      word = (bits >> 1) >> (63 - filled);
      filled -= 64;
    }
    filled += width;
  }
  std::memcpy(at, &word, 8);
  return out + PackedBytes(count, width);
}

// REQUIRES: kReadAhead bytes after the packed bits are readable.
template <typename Take>
void UnpackPadded(const uint8_t* at, size_t count, int width, Take take) {
  const uint64_t mask = LowMask(width);
  size_t bit = 0;
  for (size_t i = 0; i < count; ++i, bit += width) {
    const uint8_t* from = at + bit / 8;
    const int shift = bit % 8;
    uint64_t word;
    std::memcpy(&word, from, 8);
    word >>= shift;
    if (shift + width > 64) word |= static_cast<uint64_t>(from[8]) << (64 - shift);
    take(i, word & mask);
  }
}

template <typename Take>
const uint8_t* Unpack(const uint8_t* at, const uint8_t* end, size_t count, int width, Take take) {
  const size_t bytes = PackedBytes(count, width);
  const auto available = static_cast<size_t>(end - at);
  if (available < bytes) return nullptr;
  if (available >= bytes + kReadAhead) {
    UnpackPadded(at, count, width, take);
  } else {
    std::array<uint8_t, PackedColumn::kMaxValues * 8 + kReadAhead> padded;
    std::memcpy(padded.data(), at, bytes);
    std::memset(padded.data() + bytes, 0, kReadAhead);
    UnpackPadded(padded.data(), count, width, take);
  }
  return at + bytes;
}

}  // namespace

PackedColumn::PackedColumn(absl::Span<const uint64_t> values) : values_(values) {
  assert(!values.empty() && values.size() <= kMaxValues);
  int64_t smallest = INT64_MAX;
  for (const uint64_t value : values) smallest = std::min(smallest, static_cast<int64_t>(value));
  smallest_ = static_cast<uint64_t>(smallest);
  uint64_t any = 0;
  for (const uint64_t value : values) any |= value - smallest_;
  if (any == 0) return;
  std::array<uint8_t, 65> values_of_width{};
  for (const uint64_t value : values) ++values_of_width[std::bit_width(value - smallest_)];
  ChooseWidth(values_of_width.data(), std::bit_width(any));
}

void PackedColumn::ChooseWidth(const uint8_t* values_of_width, int widest) {
  const auto count = static_cast<uint32_t>(values_.size());
  width_ = static_cast<uint8_t>(widest);
  bits_ = count * widest;
  uint32_t large = 0;
  for (int width = widest - 1; width >= 0; --width) {
    large += values_of_width[width + 1];
    // Their positions alone would take more bits than a smaller width can save.
    if (large * 8 > bits_) break;
    const uint32_t bits = count * width + 16 + large * (8 + widest - width);
    if (bits >= bits_) continue;
    bits_ = bits;
    width_ = static_cast<uint8_t>(width);
    large_ = static_cast<uint8_t>(large);
    upper_width_ = static_cast<uint8_t>(widest - width);
  }
}

uint8_t* PackedColumn::Write(uint8_t* out) const {
  *out++ = width_ | (large_ > 0 ? kHasLarge : 0);
  if (large_ > 0) {
    *out++ = large_;
    *out++ = upper_width_;
  }
  out = PutVarint(ZigZag(static_cast<int64_t>(smallest_)), out);
  if (width_ > 0) {
    const uint64_t mask = LowMask(width_);
    out = Pack(values_.size(), width_, out,
               [&](size_t i) { return (values_[i] - smallest_) & mask; });
  }
  if (large_ == 0) return out;
  std::array<uint64_t, kMaxValues> uppers;
  size_t found = 0;
  for (size_t i = 0; i < values_.size(); ++i) {
    const uint64_t upper = (values_[i] - smallest_) >> width_;
    if (upper == 0) continue;
    uppers[found++] = upper;
    *out++ = static_cast<uint8_t>(i);
  }
  return Pack(found, upper_width_, out, [&](size_t i) { return uppers[i]; });
}

const uint8_t* PackedColumn::Read(const uint8_t* at, const uint8_t* end,
                                  absl::Span<uint64_t> values) {
  if (at == end) return nullptr;
  const bool has_large = (*at & kHasLarge) != 0;
  const int width = *at++ & (kHasLarge - 1);
  size_t large = 0;
  int upper_width = 0;
  if (has_large) {
    if (end - at < 2) return nullptr;
    large = *at++;
    upper_width = *at++;
    if (large == 0 || large > values.size() || upper_width == 0) return nullptr;
  }
  if (width + upper_width > 64) return nullptr;
  uint64_t zigzag;
  at = GetVarint(at, end, &zigzag);
  if (at == nullptr) return nullptr;
  const auto smallest = static_cast<uint64_t>(UnZigZag(zigzag));
  if (width == 0) {
    std::fill(values.begin(), values.end(), smallest);
  } else {
    at = Unpack(at, end, values.size(), width,
                [&](size_t i, uint64_t bits) { values[i] = smallest + bits; });
    if (at == nullptr) return nullptr;
  }
  if (large == 0) return at;
  if (static_cast<size_t>(end - at) < large) return nullptr;
  const uint8_t* positions = at;
  for (size_t i = 0; i < large; ++i) {
    if (positions[i] >= values.size() || (i > 0 && positions[i] <= positions[i - 1]))
      return nullptr;
  }
  return Unpack(at + large, end, large, upper_width,
                [&](size_t i, uint64_t upper) { values[positions[i]] += upper << width; });
}

}  // namespace assay

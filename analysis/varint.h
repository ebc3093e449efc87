#ifndef ASSAY_ANALYSIS_VARINT_H_
#define ASSAY_ANALYSIS_VARINT_H_

#include <cstddef>
#include <cstdint>

namespace assay {

// Integers in as few bytes as possible, seven bits per byte, lowest first: protobuf's encoding.

constexpr size_t kMaxVarintBytes = 10;

// Maps small numbers of either sign to small numbers: 0, -1, 1, -2, ... to 0, 1, 2, 3, ...
constexpr uint64_t ZigZag(int64_t value) {
  return (static_cast<uint64_t>(value) << 1) ^ static_cast<uint64_t>(value >> 63);
}
constexpr int64_t UnZigZag(uint64_t value) {
  return static_cast<int64_t>((value >> 1) ^ (0 - (value & 1)));
}

// Writes at `out`, which has room for kMaxVarintBytes, and returns the end.
inline uint8_t* PutVarint(uint64_t value, uint8_t* out) {
  for (; value >= 128; value >>= 7) *out++ = static_cast<uint8_t>(value | 128);
  *out++ = static_cast<uint8_t>(value);
  return out;
}

// Reads from [at, end) and returns the end of the varint, or nullptr if it is cut off or longer than 64 bits.
inline const uint8_t* GetVarint(const uint8_t* at, const uint8_t* end, uint64_t* value) {
  *value = 0;
  for (int shift = 0; shift < 64 && at < end; shift += 7) {
    const uint64_t byte = *at++;
    if (shift == 63 && byte > 1) return nullptr;
    *value |= (byte & 127) << shift;
    if (byte < 128) return at;
  }
  return nullptr;
}

}  // namespace assay

#endif  // ASSAY_ANALYSIS_VARINT_H_

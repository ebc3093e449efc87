#ifndef ASSAY_ANALYSIS_PACKED_COLUMN_H_
#define ASSAY_ANALYSIS_PACKED_COLUMN_H_

#include <cstddef>
#include <cstdint>

#include "absl/types/span.h"

namespace assay {

// Up to 128 integers, bit-packed relative to the smallest of them: patched frame of reference
// (Zukowski et al., "Super-Scalar RAM-CPU Cache Compression", ICDE 2006).
//
// The bytes of a column of n values, in order. A value is "large" when (value - smallest) does not fit in w bits.
//
// clang-format off
//   size          when             contents
//   ------------  ---------------  -------------------------------------------------------------------------
//   1 byte        always           w, the width of a packed value: 0 to 64; bit 7 is set if there are large values
//   1 byte        large values     k, the number of large values: 1 to n
//   1 byte        large values     h, the width of the upper bits of a large value: 1 to 64 - w
//   1-10 bytes    always           the smallest value, as a zigzag varint
//   n * w bits    w > 0            the lowest w bits of (value - smallest) of each value
//   k bytes       large values     the indexes of the large values, ascending: 0 to n - 1
//   k * h bits    large values     (value - smallest) >> w of each large value, in the order of the indexes
// clang-format on
//
// Bit-packed fields start with the lowest bit and are padded to a whole byte. n is not stored: the reader must know it.
//
// A single outlier costs a few bytes and does not widen the other values. All arithmetic wraps at 64 bits: any values,
// read as signed, come back exactly.
class PackedColumn {
 public:
  static constexpr size_t kMaxValues = 128;
  // The bytes that Write() needs: the widest values, and the last 64-bit word, which is written whole.
  static constexpr size_t kMaxBytes = 1 + 2 + 10 + kMaxValues * 8 + 16;

  // Chooses the widths. `values` must outlive this object. REQUIRES: 1 to kMaxValues values. No allocation.
  explicit PackedColumn(absl::Span<const uint64_t> values);

  // Size of the packed values in bits, without the few bytes of the header.
  uint32_t bits() const { return bits_; }

  // Writes the column at `out`, which has room for kMaxBytes, and returns its end.
  uint8_t* Write(uint8_t* out) const;

  // Reads values.size() values from [at, end). Returns the end of the column, or nullptr if the bytes are not a valid
  // column. REQUIRES: values.size() <= kMaxValues.
  static const uint8_t* Read(const uint8_t* at, const uint8_t* end, absl::Span<uint64_t> values);

 private:
  void ChooseWidth(const uint8_t* values_of_width, int widest);

  absl::Span<const uint64_t> values_;
  uint64_t smallest_;
  uint32_t bits_ = 0;
  uint8_t width_ = 0;
  uint8_t upper_width_ = 0;
  uint8_t large_ = 0;
};

}  // namespace assay

#endif  // ASSAY_ANALYSIS_PACKED_COLUMN_H_

#ifndef ASSAY_ANALYSIS_PACKED_COLUMN_H_
#define ASSAY_ANALYSIS_PACKED_COLUMN_H_

#include <cstddef>
#include <cstdint>

#include "absl/types/span.h"

namespace assay {

// Up to 128 integers, bit-packed over their smallest: patched frame of reference (Zukowski et al.
// 2006).
//
//   1 byte        width w of the packed bits, 0 to 64; its top bit says that there are large values
//   2 bytes       only then: how many large values, and the width h of their upper parts
//   varint        the smallest value, zigzag
//   n * w bits    the lowest w bits of each value minus the smallest, lowest bit first, padded to a
//   byte 1 byte each   positions of the large values, ascending h bits each   what of them did not
//   fit in w bits, padded to a byte
//
// One value far from the others so costs a few bytes instead of widening all of them. All
// arithmetic wraps at 64 bits: any values, read as signed, come back exactly.
class PackedColumn {
 public:
  static constexpr size_t kMaxValues = 128;
  // Room that Write() needs: the widest values, and the last word written whole.
  static constexpr size_t kMaxBytes = 1 + 2 + 10 + kMaxValues * 8 + 16;

  // Decides how to pack the values, which must outlive this. REQUIRES: 1 to kMaxValues of them. No
  // allocation.
  explicit PackedColumn(absl::Span<const uint64_t> values);

  // Bits that the packed values take; the header's few bytes are left out.
  uint32_t bits() const { return bits_; }

  // Writes at `out`, which has room for kMaxBytes, and returns the end.
  uint8_t* Write(uint8_t* out) const;

  // Reads as many values as `values` holds, from [at, end). Returns the end of the column, or
  // nullptr where the bytes are not one.
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

#ifndef ASSAY_COMMON_EVEN_SHARE_H_
#define ASSAY_COMMON_EVEN_SHARE_H_

#include <cstdint>

namespace assay {

// The share of `total` for number `index` of `count`, as load agents and their threads divide connections and requests.
// Shares differ by at most one; the first ones get the remainder. All shares add up to `total`. REQUIRES: index < count.
constexpr uint64_t EvenShare(uint64_t total, uint32_t index, uint32_t count) {
  return total / count + (index < total % count ? 1 : 0);
}

}  // namespace assay

#endif  // ASSAY_COMMON_EVEN_SHARE_H_

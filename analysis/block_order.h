#ifndef ASSAY_ANALYSIS_BLOCK_ORDER_H_
#define ASSAY_ANALYSIS_BLOCK_ORDER_H_

#include <cstdint>
#include <vector>

namespace assay {

// The order in which block number `block` (from 0) of a randomised complete block design runs its `cells` cells.
// Returns each of 0 .. cells - 1 once. The order depends only on seed and block, so a resumed campaign continues with
// the same order, on every platform: a Fisher-Yates shuffle from the last position down, with RandomStream(seed,
// block).
std::vector<uint32_t> BlockOrder(uint64_t seed, uint32_t block, uint32_t cells);

}  // namespace assay

#endif  // ASSAY_ANALYSIS_BLOCK_ORDER_H_

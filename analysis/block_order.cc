#include "analysis/block_order.h"

#include <numeric>
#include <utility>

#include "analysis/random_stream.h"

namespace assay {

std::vector<uint32_t> BlockOrder(uint64_t seed, uint32_t block, uint32_t cells) {
  std::vector<uint32_t> order(cells);
  std::iota(order.begin(), order.end(), 0);
  RandomStream random(seed, block);
  for (uint32_t last = cells; last > 1; --last) {
    std::swap(order[last - 1], order[random.Below(last)]);
  }
  return order;
}

}  // namespace assay

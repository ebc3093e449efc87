#include "analysis/slot_order.h"

#include <cstddef>

#include "analysis/block_order.h"

namespace assay {
namespace {

// Round `row` of the Williams design, before relabelling. Round 0 of an even number of targets is the zigzag
// 0, 1, n-1, 2, n-2, ...: its steps modulo n are all different. Round i adds i to each entry, so that each ordered pair
// of targets follows each other once. For an odd n the steps occur twice or never; the mirrored second square has the
// missing ones.
std::vector<uint32_t> WilliamsRow(uint32_t targets, uint32_t row) {
  const bool mirrored = row >= targets;
  std::vector<uint32_t> order(targets);
  for (uint32_t i = 0; i < targets; ++i) {
    const uint32_t zigzag = i % 2 == 1 ? (i + 1) / 2 : (targets - i / 2) % targets;
    order[mirrored ? targets - 1 - i : i] = (zigzag + row) % targets;
  }
  return order;
}

// One balanced design: rounds of target indexes, with rounds and targets shuffled. Design number `design` uses the
// streams 2 * design and 2 * design + 1 of the seed.
std::vector<std::vector<uint32_t>> DrawDesign(uint32_t targets, uint32_t design, uint64_t seed) {
  const std::vector<uint32_t> labels = BlockOrder(seed, 2 * design, targets);
  // ABBA: the second round must mirror the first, so the rows keep their order.
  if (targets == 2) return {{labels[0], labels[1]}, {labels[1], labels[0]}};
  std::vector<std::vector<uint32_t>> rounds;
  for (const uint32_t row : BlockOrder(seed, 2 * design + 1, BalancedRounds(targets))) {
    std::vector<uint32_t> round = WilliamsRow(targets, row);
    for (uint32_t& target : round) target = labels[target];
    rounds.push_back(round);
  }
  return rounds;
}

}  // namespace

uint32_t BalancedRounds(uint32_t targets) {
  if (targets < 2) return 1;
  return targets % 2 == 0 ? targets : 2 * targets;
}

std::vector<uint32_t> SlotOrder(uint32_t targets, uint32_t rounds, uint64_t seed) {
  const size_t slots = size_t{targets} * rounds;
  if (targets < 2) return std::vector<uint32_t>(slots, 0);
  std::vector<uint32_t> order;
  order.reserve(slots);
  for (uint32_t design = 0; order.size() < slots; ++design) {
    for (const std::vector<uint32_t>& round : DrawDesign(targets, design, seed)) {
      if (order.size() == slots) break;
      order.insert(order.end(), round.begin(), round.end());
    }
  }
  return order;
}

}  // namespace assay

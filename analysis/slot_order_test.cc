#include "analysis/slot_order.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "gtest/gtest.h"

namespace assay {
namespace {

using Order = std::vector<uint32_t>;

// Paired figures compare the slots of one round, so each target must have exactly one.
TEST(SlotOrderTest, EachRoundContainsEachTargetOnce) {
  for (uint32_t targets = 1; targets <= 9; ++targets) {
    for (const uint32_t rounds : {0U, 1U, 7U, 40U}) {
      const Order order = SlotOrder(targets, rounds, 11);
      ASSERT_EQ(order.size(), size_t{targets} * rounds);
      for (uint32_t round = 0; round < rounds; ++round) {
        Order slots(order.begin() + round * targets, order.begin() + (round + 1) * targets);
        std::sort(slots.begin(), slots.end());
        for (uint32_t i = 0; i < targets; ++i) ASSERT_EQ(slots[i], i);
      }
    }
  }
}

TEST(SlotOrderTest, TwoTargetsAlternateInAbbaOrBaab) {
  constexpr int kQuadruples = 2'000;
  const Order order = SlotOrder(2, 2 * kQuadruples, 5);
  std::map<Order, int> seen;
  for (int i = 0; i < kQuadruples; ++i) {
    ++seen[Order(order.begin() + i * 4, order.begin() + (i + 1) * 4)];
  }
  ASSERT_EQ(seen.size(), 2);
  // The expected count is 1,000 with a standard deviation of 22.
  EXPECT_NEAR((seen[{0, 1, 1, 0}]), 1000, 110);
  EXPECT_NEAR((seen[{1, 0, 0, 1}]), 1000, 110);
}

TEST(SlotOrderTest, AnOddNumberOfRoundsEndsWithHalfAnAbba) {
  const Order order = SlotOrder(2, 3, 5);
  EXPECT_EQ(order[0], order[3]);
  EXPECT_NE(order[4], order[5]);
}

// Otherwise a target that often comes first, or after a certain other one, would be favoured by it.
TEST(SlotOrderTest, FullDesignBalancesPositionsAndPredecessors) {
  for (uint32_t targets = 3; targets <= 10; ++targets) {
    const uint32_t rounds = BalancedRounds(targets);
    const Order order = SlotOrder(targets, 3 * rounds, targets);
    for (uint32_t design = 0; design < 3; ++design) {
      std::map<std::pair<uint32_t, uint32_t>, uint32_t> positions;
      std::map<std::pair<uint32_t, uint32_t>, uint32_t> predecessors;
      for (uint32_t slot = 0; slot < rounds * targets; ++slot) {
        const size_t index = design * rounds * targets + slot;
        ++positions[{order[index], slot % targets}];
        if (slot % targets > 0) ++predecessors[{order[index - 1], order[index]}];
      }
      ASSERT_EQ(positions.size(), targets * targets);
      for (const auto& [position, count] : positions) ASSERT_EQ(count, rounds / targets);
      // Every ordered pair of different targets.
      ASSERT_EQ(predecessors.size(), targets * (targets - 1));
      for (const auto& [pair, count] : predecessors) ASSERT_EQ(count, rounds / targets);
    }
  }
}

// An order that repeats could follow a periodic disturbance of the machine.
TEST(SlotOrderTest, DesignsAndSeedsGiveDifferentOrders) {
  const Order order = SlotOrder(4, 8, 1);
  EXPECT_NE(Order(order.begin(), order.begin() + 16), Order(order.begin() + 16, order.end()));
  EXPECT_NE(SlotOrder(4, 8, 1), SlotOrder(4, 8, 2));
  EXPECT_NE(SlotOrder(2, 40, 1), SlotOrder(2, 40, 2));
}

TEST(SlotOrderTest, EveryRoundOrderOfThreeTargetsIsEquallyFrequent) {
  const Order order = SlotOrder(3, 6'000, 3);
  std::map<Order, int> seen;
  for (size_t i = 0; i < order.size(); i += 3) {
    ++seen[Order(order.begin() + static_cast<int64_t>(i),
                 order.begin() + static_cast<int64_t>(i + 3))];
  }
  // Both squares of three targets together are all six orders.
  ASSERT_EQ(seen.size(), 6);
  for (const auto& [round, count] : seen) EXPECT_EQ(count, 1'000);
}

// A stored seed must give the same order in every later version. The expected numbers come from a Python
// implementation of the header's description.
TEST(SlotOrderTest, NeverChanges) {
  EXPECT_EQ(SlotOrder(2, 4, 1), (Order{0, 1, 1, 0, 1, 0, 0, 1}));
  EXPECT_EQ(SlotOrder(3, 3, 1), (Order{2, 0, 1, 2, 1, 0, 1, 2, 0}));
  EXPECT_EQ(SlotOrder(4, 2, UINT64_MAX), (Order{1, 0, 2, 3, 3, 2, 0, 1}));
}

}  // namespace
}  // namespace assay

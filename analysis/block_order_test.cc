#include "analysis/block_order.h"

#include <algorithm>
#include <map>
#include <vector>

#include "analysis/random_stream.h"
#include "gtest/gtest.h"

namespace assay {
namespace {

using Order = std::vector<uint32_t>;

// The expected numbers come from a Python implementation of the headers' descriptions. A stored seed must give the
// same order in every later version.
TEST(BlockOrderTest, NeverChanges) {
  EXPECT_EQ(BlockOrder(1, 0, 9), (Order{4, 7, 1, 2, 3, 6, 5, 8, 0}));
  EXPECT_EQ(BlockOrder(1, 1, 9), (Order{5, 1, 2, 4, 8, 0, 3, 7, 6}));
  EXPECT_EQ(BlockOrder(1, 2, 9), (Order{2, 1, 0, 5, 7, 3, 6, 8, 4}));
  EXPECT_EQ(BlockOrder(UINT64_MAX, 7, 5), (Order{4, 0, 2, 3, 1}));
}

TEST(BlockOrderTest, RunsEachCellOnce) {
  for (uint32_t cells = 0; cells < 70; ++cells) {
    Order order = BlockOrder(7, cells, cells);
    std::sort(order.begin(), order.end());
    for (uint32_t i = 0; i < cells; ++i) ASSERT_EQ(order[i], i);
  }
}

// Otherwise a cell that tends to run first would include the machine's state at that time.
TEST(BlockOrderTest, EveryOrderIsAboutEquallyFrequentOverBlocks) {
  std::map<Order, int> seen;
  constexpr int kBlocks = 24'000;
  for (uint32_t block = 0; block < kBlocks; ++block) ++seen[BlockOrder(3, block, 4)];
  ASSERT_EQ(seen.size(), 24);
  // The expected count is 1,000 with a standard deviation of 31.
  for (const auto& [order, count] : seen) EXPECT_NEAR(count, 1000, 160);
}

TEST(BlockOrderTest, SeedsGiveDifferentOrders) {
  EXPECT_NE(BlockOrder(1, 0, 20), BlockOrder(2, 0, 20));
}

TEST(RandomStreamTest, NeverChanges) {
  RandomStream random(1);
  EXPECT_EQ(random.Next(), 0xB18A02F46D8D86C3);
  EXPECT_EQ(random.Next(), 0xF8C5B62C83F707E8);
  EXPECT_EQ(random.Next(), 0x6D339D1740130EDD);
}

TEST(RandomStreamTest, BelowStaysBelowAndReachesEverything) {
  RandomStream random(5);
  for (uint64_t bound = 1; bound < 20; ++bound) {
    std::vector<int> seen(bound);
    for (int i = 0; i < 1000; ++i) ++seen.at(random.Below(bound));
    EXPECT_GT(*std::min_element(seen.begin(), seen.end()), 0);
  }
}

TEST(RandomStreamTest, DoublesAreUniformInTheUnitInterval) {
  RandomStream random(6);
  double sum = 0;
  constexpr int kDraws = 100'000;
  for (int i = 0; i < kDraws; ++i) {
    const double draw = random.NextDouble();
    ASSERT_GE(draw, 0);
    ASSERT_LT(draw, 1);
    sum += draw;
  }
  EXPECT_NEAR(sum / kDraws, 0.5, 0.005);
}

}  // namespace
}  // namespace assay

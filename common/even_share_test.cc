#include "common/even_share.h"

#include <cstdint>
#include <limits>

#include "gtest/gtest.h"

namespace assay {
namespace {

TEST(EvenShareTest, GivesTheRemainderToTheFirst) {
  EXPECT_EQ(EvenShare(8, 0, 3), 3u);
  EXPECT_EQ(EvenShare(8, 1, 3), 3u);
  EXPECT_EQ(EvenShare(8, 2, 3), 2u);
  EXPECT_EQ(EvenShare(1, 0, 2), 1u);
  EXPECT_EQ(EvenShare(1, 1, 2), 0u);
}

// No connection or request is lost or sent twice.
TEST(EvenShareTest, SharesAddUpToTheTotal) {
  constexpr uint64_t kMost = std::numeric_limits<uint64_t>::max();
  for (const uint64_t total : {uint64_t{0}, uint64_t{1}, uint64_t{255}, uint64_t{60'000}, kMost}) {
    for (const uint32_t count : {1u, 2u, 7u, 256u}) {
      uint64_t sum = 0;
      for (uint32_t i = 0; i < count; ++i) sum += EvenShare(total, i, count);
      EXPECT_EQ(sum, total) << count << " shares";
    }
  }
}

}  // namespace
}  // namespace assay

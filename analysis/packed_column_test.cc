#include "analysis/packed_column.h"

#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "analysis/random_stream.h"
#include "analysis/varint.h"
#include "gtest/gtest.h"

namespace assay {
namespace {

std::vector<uint8_t> Written(const std::vector<uint64_t>& values) {
  std::vector<uint8_t> bytes(PackedColumn::kMaxBytes);
  const uint8_t* end = PackedColumn(values).Write(bytes.data());
  bytes.resize(end - bytes.data());
  return bytes;
}

// Returns the values if these bytes are exactly one column of `count` values.
bool Read(const std::vector<uint8_t>& bytes, size_t count, std::vector<uint64_t>* values) {
  values->assign(count, 0);
  const uint8_t* end = bytes.data() + bytes.size();
  const uint8_t* read = PackedColumn::Read(bytes.data(), end, absl::MakeSpan(*values));
  return read != nullptr && read == end;
}

void ExpectRoundTrip(const std::vector<uint64_t>& values) {
  std::vector<uint64_t> again;
  ASSERT_TRUE(Read(Written(values), values.size(), &again));
  ASSERT_EQ(again, values);
}

TEST(PackedColumnTest, RoundTripsEveryWidthAndCount) {
  RandomStream random(1);
  for (int width = 0; width <= 64; ++width) {
    for (size_t count = 1; count <= PackedColumn::kMaxValues; ++count) {
      std::vector<uint64_t> values;
      for (size_t i = 0; i < count; ++i) {
        values.push_back(width == 0 ? 42 : random.Next() >> (64 - width));
      }
      ExpectRoundTrip(values);
      if (testing::Test::HasFatalFailure()) FAIL() << "width " << width << ", count " << count;
    }
  }
}

TEST(PackedColumnTest, RoundTripsExtremesOfBothSigns) {
  const auto negative = [](int64_t value) { return static_cast<uint64_t>(value); };
  ExpectRoundTrip({negative(INT64_MIN), negative(INT64_MAX), 0, negative(-1), 1});
  ExpectRoundTrip({negative(INT64_MIN)});
  ExpectRoundTrip({negative(-5), negative(-3), negative(-4)});
}

// One stall among 128 requests must not widen the other 127 values.
TEST(PackedColumnTest, FewLargeValuesTakeFewBytes) {
  RandomStream random(2);
  std::vector<uint64_t> values;
  for (size_t i = 0; i < PackedColumn::kMaxValues; ++i) values.push_back(random.Below(1024));
  const size_t without = Written(values).size();
  values[17] = 1'000'000'000;
  values[99] = 3'000'000'000;
  EXPECT_LE(Written(values).size(), without + 16);
  ExpectRoundTrip(values);
}

TEST(PackedColumnTest, RejectsEveryShortenedColumn) {
  RandomStream random(3);
  std::vector<uint64_t> values;
  for (size_t i = 0; i < 50; ++i) values.push_back(random.Below(1000));
  values[7] = 1'000'000;
  const std::vector<uint8_t> bytes = Written(values);
  std::vector<uint64_t> again;
  for (size_t length = 0; length < bytes.size(); ++length) {
    ASSERT_FALSE(Read({bytes.begin(), bytes.begin() + length}, values.size(), &again)) << length;
  }
}

TEST(PackedColumnTest, RejectsImpossibleHeaders) {
  std::vector<uint64_t> values;
  // Width 65.
  EXPECT_FALSE(Read({65, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, 1, &values));
  // The header says that there are large values, but their number is zero.
  EXPECT_FALSE(Read({128, 0, 1, 0, 0}, 2, &values));
  // Three large values in a column of two.
  EXPECT_FALSE(Read({128, 3, 1, 0, 0, 1, 2, 7}, 2, &values));
  // Upper bits of width zero.
  EXPECT_FALSE(Read({128, 1, 0, 0, 0}, 2, &values));
  // 1 + 64 bits.
  EXPECT_FALSE(Read({129, 1, 64, 0, 1, 0, 1, 1, 1, 1, 1, 1, 1, 1}, 2, &values));
  // A large value at index 2 of two values; indexes out of order.
  EXPECT_FALSE(Read({128, 1, 1, 0, 2, 1}, 2, &values));
  EXPECT_FALSE(Read({128, 2, 1, 0, 1, 0, 3}, 2, &values));
  // The same indexes in order are valid.
  EXPECT_TRUE(Read({128, 2, 1, 0, 0, 1, 3}, 2, &values));
  EXPECT_EQ(values, (std::vector<uint64_t>{1, 1}));
}

TEST(VarintTest, RoundTripsEveryMagnitudeAndRejectsShortenedVarints) {
  RandomStream random(4);
  for (int shift = 0; shift < 64; ++shift) {
    const uint64_t value = random.Next() >> shift;
    uint8_t bytes[kMaxVarintBytes];
    const uint8_t* end = PutVarint(value, bytes);
    uint64_t again = 0;
    ASSERT_EQ(GetVarint(bytes, end, &again), end);
    ASSERT_EQ(again, value);
    ASSERT_EQ(GetVarint(bytes, end - 1, &again), nullptr);
    ASSERT_EQ(ZigZag(UnZigZag(value)), value);
  }
}

TEST(VarintTest, RejectsMoreThan64Bits) {
  const std::vector<uint8_t> bytes = {255, 255, 255, 255, 255, 255, 255, 255, 255, 2};
  uint64_t value;
  EXPECT_EQ(GetVarint(bytes.data(), bytes.data() + bytes.size(), &value), nullptr);
}

}  // namespace
}  // namespace assay

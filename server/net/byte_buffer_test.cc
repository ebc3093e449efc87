#include "server/net/byte_buffer.h"

#include <string>

#include "gtest/gtest.h"

namespace assay::server {
namespace {

TEST(ByteBufferTest, ReturnsAppendedBytesInOrder) {
  ByteBuffer buffer;
  std::string expected;
  for (int i = 0; i < 1000; ++i) {
    const std::string piece(static_cast<size_t>(i % 37), static_cast<char>('a' + i % 26));
    buffer.Append(piece);
    expected += piece;
  }
  EXPECT_EQ(buffer.view(), expected);
}

// A pipelining client would otherwise make the buffer grow without end.
TEST(ByteBufferTest, ReusesTheSpaceOfConsumedBytes) {
  ByteBuffer buffer(1000);
  for (int i = 0; i < 100; ++i) {
    buffer.Append(std::string(600, 'x'));
    buffer.Append("tail");
    buffer.Consume(600);
    ASSERT_EQ(buffer.view(), "tail");
    buffer.Consume(4);
  }
  EXPECT_LT(buffer.capacity(), 2500u);
}

TEST(ByteBufferTest, MovesTheRemainingBytesToMakeRoom) {
  ByteBuffer buffer(100);
  buffer.Append(std::string(80, 'x'));
  buffer.Consume(79);
  buffer.Append(std::string(90, 'y'));
  EXPECT_EQ(buffer.view(), "x" + std::string(90, 'y'));
  EXPECT_EQ(buffer.capacity(), 100u);
}

TEST(ByteBufferTest, KeepsOnlyTheFrontWhenTruncated) {
  ByteBuffer buffer;
  buffer.Append("head and body");
  buffer.Consume(5);
  buffer.Truncate(3);
  buffer.Append("!");
  EXPECT_EQ(buffer.view(), "and!");
}

TEST(ByteBufferTest, IsEmptyAfterAMove) {
  ByteBuffer from;
  from.Append("abc");
  ByteBuffer to = std::move(from);
  EXPECT_EQ(to.view(), "abc");
  EXPECT_TRUE(
      from.empty());  // NOLINT(bugprone-use-after-move): the state after a move is specified.
  from.Append("again");
  EXPECT_EQ(from.view(), "again");
}

}  // namespace
}  // namespace assay::server

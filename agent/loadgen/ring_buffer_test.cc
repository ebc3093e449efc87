#include "agent/loadgen/ring_buffer.h"

#include <cstdint>

#include "agent/loadgen/due_queue.h"
#include "gtest/gtest.h"

namespace assay::loadgen {
namespace {

TEST(RingBufferTest, KeepsTheOrderBeyondItsEnd) {
  RingBuffer<int> ring(3);
  int next_in = 0;
  int next_out = 0;
  for (int turn = 0; turn < 10; ++turn) {
    while (!ring.full()) ring.Push(next_in++);
    EXPECT_EQ(ring.size(), 3u);
    for (int i = 0; i <= turn % 3; ++i, ring.Pop()) EXPECT_EQ(ring.front(), next_out++);
  }
  for (; !ring.empty(); ring.Pop()) EXPECT_EQ(ring.front(), next_out++);
  EXPECT_EQ(next_out, next_in);
}

TEST(DueQueueTest, GivesConnectionsInTheOrderOfTheirTimes) {
  DueQueue queue(2);
  EXPECT_EQ(queue.NextNs(), INT64_MAX);
  queue.Push(10, 7);
  queue.Push(20, 3);
  EXPECT_EQ(queue.NextNs(), 10);
  EXPECT_EQ(queue.Pop(), 7);
  queue.Push(20, 7);
  EXPECT_EQ(queue.NextNs(), 20);
  EXPECT_EQ(queue.Pop(), 3);
  EXPECT_EQ(queue.Pop(), 7);
  EXPECT_TRUE(queue.empty());
}

}  // namespace
}  // namespace assay::loadgen

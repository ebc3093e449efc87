#include "proto/convert/profile_chunk.h"

#include <string>

#include "absl/status/status.h"
#include "gtest/gtest.h"

namespace assay {
namespace {

ProfileChunk Chunk() {
  ProfileChunk chunk;
  chunk.set_sequence(3);
  for (int i = 0; i < 200; ++i) {
    chunk.add_strings("<tokio::runtime::Runtime>::block_on " + std::to_string(i));
    chunk.add_sample_stack(static_cast<uint32_t>(i));
    chunk.add_sample_time_delta_us(5000 + i % 7);
  }
  return chunk;
}

TEST(ProfileChunkTest, ADeflatedChunkIsSmallAndComesBack) {
  const ProfileChunk chunk = Chunk();
  const ProfileChunk packed = Deflated(chunk);
  EXPECT_LT(packed.ByteSizeLong(), chunk.ByteSizeLong() / 3);
  EXPECT_EQ(packed.sequence(), 3u);
  EXPECT_EQ(packed.strings_size(), 0);
  EXPECT_EQ(Inflated(packed)->SerializeAsString(), chunk.SerializeAsString());
}

TEST(ProfileChunkTest, AChunkThatIsNotDeflatedIsAsItIs) {
  EXPECT_EQ(Inflated(Chunk())->SerializeAsString(), Chunk().SerializeAsString());
  const ProfileChunk empty;
  EXPECT_EQ(Inflated(Deflated(empty))->SerializeAsString(), empty.SerializeAsString());
}

TEST(ProfileChunkTest, WhatWasChangedOnTheWayIsRefused) {
  const ProfileChunk good = Deflated(Chunk());
  const auto code = [](const ProfileChunk& chunk) { return Inflated(chunk).status().code(); };
  ProfileChunk chunk = good;
  (*chunk.mutable_deflated())[chunk.deflated().size() / 2] ^= 1;
  EXPECT_EQ(code(chunk), absl::StatusCode::kDataLoss);
  chunk = good;
  chunk.mutable_deflated()->pop_back();
  EXPECT_EQ(code(chunk), absl::StatusCode::kDataLoss);
  for (const uint32_t bytes : {0u, good.inflated_bytes() - 1, good.inflated_bytes() + 1, ~0u}) {
    chunk = good;
    chunk.set_inflated_bytes(bytes);
    EXPECT_EQ(code(chunk), absl::StatusCode::kDataLoss) << bytes;
  }
  chunk = good;
  chunk.set_sequence(4);
  EXPECT_EQ(code(chunk), absl::StatusCode::kDataLoss);
}

}  // namespace
}  // namespace assay

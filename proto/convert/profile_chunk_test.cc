#include "proto/convert/profile_chunk.h"

#include <zlib.h>

#include <cstdint>
#include <random>
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

TEST(ProfileChunkTest, CompressesAndRestoresAChunk) {
  const ProfileChunk chunk = Chunk();
  const ProfileChunk packed = Deflated(chunk);
  EXPECT_LT(packed.ByteSizeLong(), chunk.ByteSizeLong() / 3);
  EXPECT_EQ(packed.sequence(), 3u);
  EXPECT_EQ(packed.strings_size(), 0);
  EXPECT_EQ(Inflated(packed)->SerializeAsString(), chunk.SerializeAsString());
}

// Names are letters, everything else is small numbers: one Huffman code would suit neither.
TEST(ProfileChunkTest, CompressesEachKindOfContentWithItsOwnCode) {
  std::mt19937 random(1);
  ProfileChunk chunk = Chunk();
  for (int i = 0; i < 2000; ++i) {
    ProfileStack& stack = *chunk.add_stacks();
    stack.set_parent(static_cast<uint32_t>(random() % 2000));
    stack.set_frame(static_cast<uint32_t>(random() % 300));
    chunk.add_sample_stack(static_cast<uint32_t>(random() % 2000));
  }
  const std::string plain = chunk.SerializeAsString();
  std::string whole(compressBound(plain.size()), '\0');
  uLongf size = whole.size();
  ASSERT_EQ(compress2(reinterpret_cast<Bytef*>(whole.data()), &size,
                      reinterpret_cast<const Bytef*>(plain.data()), plain.size(), 9),
            Z_OK);
  const ProfileChunk packed = Deflated(chunk);
  EXPECT_LT(packed.deflated().size(), 0.97 * static_cast<double>(size));
  EXPECT_EQ(Inflated(packed)->SerializeAsString(), plain);
}

TEST(ProfileChunkTest, ReturnsAnUncompressedChunkUnchanged) {
  EXPECT_EQ(Inflated(Chunk())->SerializeAsString(), Chunk().SerializeAsString());
  const ProfileChunk empty;
  EXPECT_EQ(Inflated(Deflated(empty))->SerializeAsString(), empty.SerializeAsString());
}

TEST(ProfileChunkTest, RefusesACorruptedChunk) {
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

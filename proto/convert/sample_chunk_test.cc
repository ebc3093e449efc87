#include "proto/convert/sample_chunk.h"

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "analysis/crc32c.h"
#include "analysis/random_stream.h"
#include "analysis/sample_codec.h"
#include "analysis/sample_patterns.h"
#include "gtest/gtest.h"
#include "proto/samples.pb.h"

namespace assay {
namespace {

SampleChunk ChunkOf(absl::Span<const Sample> samples) {
  SampleChunk chunk;
  chunk.set_thread(2);
  chunk.set_thread_sequence(3);
  chunk.set_first_index(1000);
  chunk.set_first_send_ns(samples[0].intended_ns);
  chunk.set_count(static_cast<uint32_t>(samples.size()));
  chunk.set_codec(SampleChunk::BLOCK_PACKED);
  for (size_t begin = 0; begin < samples.size(); begin += kBlockSamples) {
    uint8_t block[kMaxBlockBytes];
    const size_t length =
        EncodeBlock(samples.subspan(begin, kBlockSamples), samples[0].intended_ns, block);
    chunk.mutable_payload()->append(reinterpret_cast<const char*>(block), length);
  }
  chunk.set_crc32c(Crc32c(chunk.payload()));
  return chunk;
}

class SampleChunkTest : public testing::Test {
 protected:
  RandomStream random_{1};
  const std::vector<Sample> samples_ = ClosedLoopSamples(&random_, 1000);
  const SampleChunk chunk_ = ChunkOf(samples_);
};

TEST_F(SampleChunkTest, BothEncodingsSurviveARoundTrip) {
  std::vector<Sample> decoded;
  ASSERT_TRUE(DecodeChunk(chunk_, &decoded).ok());
  EXPECT_EQ(decoded, samples_);

  const absl::StatusOr<SampleChunk> rest = TranscodeForRest(chunk_);
  ASSERT_TRUE(rest.ok()) << rest.status();
  EXPECT_EQ(rest->codec(), SampleChunk::PLANES_ZLIB);
  decoded.clear();
  ASSERT_TRUE(DecodeChunk(*rest, &decoded).ok());
  EXPECT_EQ(decoded, samples_);
}

TEST_F(SampleChunkTest, TranscodingKeepsTheChunksPositionAndIsIdempotent) {
  const SampleChunk rest = TranscodeForRest(chunk_).value();
  EXPECT_EQ(rest.thread(), 2);
  EXPECT_EQ(rest.thread_sequence(), 3);
  EXPECT_EQ(rest.first_index(), 1000);
  EXPECT_EQ(rest.first_send_ns(), samples_[0].intended_ns);
  EXPECT_EQ(rest.count(), 1000);
  EXPECT_EQ(TranscodeForRest(rest).value().SerializeAsString(), rest.SerializeAsString());
}

TEST_F(SampleChunkTest, TheChecksumDetectsAnyChangedByte) {
  for (size_t i = 0; i < chunk_.payload().size(); ++i) {
    SampleChunk changed = chunk_;
    (*changed.mutable_payload())[i] = static_cast<char>(chunk_.payload()[i] ^ 0x10);
    ASSERT_EQ(CheckChunk(changed).code(), absl::StatusCode::kDataLoss) << i;
  }
}

TEST_F(SampleChunkTest, NamesAnInvalidChunkAndAppendsNothing) {
  SampleChunk broken = chunk_;
  broken.set_crc32c(broken.crc32c() + 1);
  std::vector<Sample> decoded;
  const absl::Status status = DecodeChunk(broken, &decoded);
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_NE(status.message().find("sample chunk 3 of load thread 2"), std::string::npos) << status;
  EXPECT_TRUE(decoded.empty());
}

TEST_F(SampleChunkTest, RefusesACountThatDoesNotMatchThePayload) {
  std::vector<Sample> decoded;
  for (const uint32_t count : {0u, 999u, 1001u, kMaxChunkSamples + 1, UINT32_MAX}) {
    SampleChunk broken = chunk_;
    broken.set_count(count);
    EXPECT_EQ(DecodeChunk(broken, &decoded).code(), absl::StatusCode::kDataLoss) << count;
  }
  EXPECT_TRUE(decoded.empty());
}

// A store written by a later version is not corrupt.
TEST_F(SampleChunkTest, ReportsACodecOfALaterVersionAsUnimplemented) {
  SampleChunk later = chunk_;
  later.set_codec(static_cast<SampleChunk::Codec>(77));
  std::vector<Sample> decoded;
  EXPECT_EQ(DecodeChunk(later, &decoded).code(), absl::StatusCode::kUnimplemented);
}

}  // namespace
}  // namespace assay

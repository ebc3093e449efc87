#include "agent/load_protocol/sample_ring.h"

#include <algorithm>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "agent/load_protocol/ring_drain.h"
#include "analysis/sample_codec.h"
#include "common/unique_fd.h"
#include "gtest/gtest.h"
#include "proto/convert/sample_chunk.h"
#include "proto/samples.pb.h"

namespace assay::loadgen {
namespace {

constexpr size_t kSmall = 64 * 1024;

Sample SampleOf(int64_t i) {
  return {1'000'000'000 + i * 9'000, 50'000 + (i * 7919) % 30'000,
          i % 10 == 0 ? SampleOutcome::kTimeout : SampleOutcome::kOk};
}

class SampleRingTest : public testing::Test {
 protected:
  void MakeRing(int threads, size_t bytes) {
    absl::StatusOr<UniqueFd> fd = SampleRing::Create(threads, bytes);
    ASSERT_TRUE(fd.ok()) << fd.status();
    absl::StatusOr<std::unique_ptr<SampleRing>> ours = SampleRing::Open(fd->get());
    absl::StatusOr<std::unique_ptr<SampleRing>> theirs =
        SampleRing::Open(fd->get(), SampleRing::Use::kRead);
    ASSERT_TRUE(ours.ok() && theirs.ok());
    writing_ = *std::move(ours);
    reading_ = *std::move(theirs);
  }

  // Writes samples [from, to) in blocks; returns how many got in.
  static int64_t Write(SampleRing::Writer& writer, int64_t from, int64_t to) {
    int64_t written = 0;
    std::vector<Sample> block;
    for (int64_t i = from; i < to; ++i) {
      block.push_back(SampleOf(i));
      if (block.size() < kBlockSamples && i + 1 < to) continue;
      if (writer.Write(block)) written += static_cast<int64_t>(block.size());
      block.clear();
    }
    return written;
  }

  void Keep(SampleChunk chunk) { chunks_.push_back(std::move(chunk)); }
  void Drain(RingDrain& drain, bool finish) {
    const auto keep = [this](SampleChunk chunk) { Keep(std::move(chunk)); };
    const absl::Status drained = finish ? drain.Finish(keep) : drain.Drain(keep);
    ASSERT_TRUE(drained.ok()) << drained;
  }
  std::vector<Sample> Decoded() const {
    std::vector<Sample> samples;
    for (const SampleChunk& chunk : chunks_) {
      const absl::Status decoded = DecodeChunk(chunk, &samples);
      EXPECT_TRUE(decoded.ok()) << decoded;
    }
    return samples;
  }

  std::unique_ptr<SampleRing> writing_;
  std::unique_ptr<SampleRing> reading_;
  std::vector<SampleChunk> chunks_;
};

// Of this process's mappings of shared memory, which a ring is: the heap, of which a sanitizer keeps what was freed, is
// no part of it.
int64_t ResidentSharedBytes() {
  std::ifstream status("/proc/self/status");
  std::string word;
  int64_t kilobytes = -1;
  while (status >> word) {
    if (word == "RssShmem:") status >> kilobytes;
  }
  return kilobytes * 1024;
}

TEST_F(SampleRingTest, AReaderKeepsLittleOfALargeRing) {
  MakeRing(1, size_t{64} << 20);
  SampleRing::Writer writer(writing_.get(), 0);
  constexpr int64_t kCount = 6'000'000;
  EXPECT_EQ(Write(writer, 0, kCount), kCount);
  RingDrain drain(reading_.get());
  const int64_t before = ResidentSharedBytes();
  ASSERT_GT(before, 32 << 20) << "what was written is resident, once";
  int64_t most = 0;
  const absl::Status drained = drain.Finish(
      [&](const SampleChunk& /*chunk*/) { most = std::max(most, ResidentSharedBytes() - before); });
  EXPECT_TRUE(drained.ok()) << drained;
  EXPECT_EQ(drain.samples(), static_cast<uint64_t>(kCount));
  EXPECT_LT(most, 6 << 20);
}

// Several times round the ring: no block is torn where it wraps.
TEST_F(SampleRingTest, GivesBackEverySampleInOrderAcrossManyRounds) {
  MakeRing(1, kSmall);
  SampleRing::Writer writer(writing_.get(), 0);
  RingDrain drain(reading_.get());
  constexpr int64_t kTotal = 300'001;
  for (int64_t i = 0; i < kTotal; i += 10 * kBlockSamples) {
    const int64_t to = std::min(kTotal, i + 10 * kBlockSamples);
    ASSERT_EQ(Write(writer, i, to), to - i);
    Drain(drain, false);
  }
  Drain(drain, true);
  const std::vector<Sample> samples = Decoded();
  ASSERT_EQ(samples.size(), static_cast<size_t>(kTotal));
  for (int64_t i = 0; i < kTotal; ++i) ASSERT_EQ(samples[i], SampleOf(i)) << i;
  EXPECT_EQ(drain.samples(), static_cast<uint64_t>(kTotal));
  EXPECT_EQ(drain.samples_lost(), 0u);
}

TEST_F(SampleRingTest, ChunksAreNumberedAndBounded) {
  MakeRing(2, size_t{4} << 20);
  SampleRing::Writer first(writing_.get(), 0);
  SampleRing::Writer second(writing_.get(), 1);
  Write(first, 0, 150'000);
  Write(second, 0, 5);
  RingDrain drain(reading_.get());
  Drain(drain, true);
  ASSERT_EQ(chunks_.size(), 4u);
  uint64_t index = 0;
  for (uint32_t i = 0; i < 3; ++i) {
    EXPECT_EQ(chunks_[i].thread(), 0u);
    EXPECT_EQ(chunks_[i].thread_sequence(), i);
    EXPECT_EQ(chunks_[i].first_index(), index);
    EXPECT_EQ(chunks_[i].first_send_ns(), SampleOf(static_cast<int64_t>(index)).intended_ns);
    EXPECT_EQ(chunks_[i].codec(), SampleChunk::BLOCK_PACKED);
    EXPECT_LE(chunks_[i].count(), SampleRing::kSamplesPerChunk);
    index += chunks_[i].count();
  }
  EXPECT_EQ(chunks_[3].thread(), 1u);
  EXPECT_EQ(chunks_[3].thread_sequence(), 0u);
  EXPECT_EQ(chunks_[3].count(), 5u);
}

// Loss is data: it is counted, and shows as a gap between chunks.
TEST_F(SampleRingTest, DropsAndCountsWhatFindsNoRoom) {
  MakeRing(1, kSmall);
  SampleRing::Writer writer(writing_.get(), 0);
  RingDrain drain(reading_.get());
  const int64_t kept = Write(writer, 0, 100'096);
  ASSERT_LT(kept, 100'096);
  EXPECT_EQ(writer.samples_written(), static_cast<uint64_t>(kept));
  EXPECT_EQ(writer.samples_lost(), static_cast<uint64_t>(100'096 - kept));
  EXPECT_GT(reading_->FullestShare(), 0.9);
  Drain(drain, false);
  ASSERT_EQ(Write(writer, 100'096, 101'120), 1024);
  Drain(drain, true);
  EXPECT_EQ(drain.samples_lost(), static_cast<uint64_t>(100'096 - kept));
  ASSERT_EQ(chunks_.size(), 2u);
  EXPECT_EQ(chunks_[1].first_index(), 100'096u);
  const std::vector<Sample> samples = Decoded();
  ASSERT_EQ(samples.size(), static_cast<size_t>(kept + 1024));
  EXPECT_EQ(samples.back(), SampleOf(101'119));
}

TEST_F(SampleRingTest, WriterAndReaderMayRunAtOnce) {
  MakeRing(1, kSmall);
  int64_t written = 0;
  std::thread load([&] {
    SampleRing::Writer writer(writing_.get(), 0);
    written = Write(writer, 0, 500'000);
  });
  RingDrain drain(reading_.get());
  for (int i = 0; i < 2'000; ++i) Drain(drain, false);
  load.join();
  Drain(drain, true);
  EXPECT_EQ(drain.samples(), static_cast<uint64_t>(written));
  EXPECT_EQ(drain.samples() + drain.samples_lost(), 500'000u);
  EXPECT_EQ(Decoded().size(), static_cast<size_t>(written));
}

TEST_F(SampleRingTest, RefusesWhatIsNoRing) {
  EXPECT_EQ(SampleRing::Open(0).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_FALSE(SampleRing::Open(-1).ok());
  EXPECT_EQ(SampleRing::Create(0, kSmall).status().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace assay::loadgen

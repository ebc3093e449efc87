#include "analysis/sample_codec.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "analysis/random_stream.h"
#include "analysis/sample_patterns.h"
#include "gtest/gtest.h"

namespace assay {
namespace {

std::string EncodedBlocks(absl::Span<const Sample> samples, int64_t base_ns) {
  std::string payload;
  for (size_t begin = 0; begin < samples.size(); begin += kBlockSamples) {
    uint8_t block[kMaxBlockBytes];
    const size_t length = EncodeBlock(samples.subspan(begin, kBlockSamples), base_ns, block);
    EXPECT_LE(length, kMaxBlockBytes);
    payload.append(reinterpret_cast<const char*>(block), length);
  }
  return payload;
}

// Both codecs have the same contract.
struct Codec {
  const char* name;
  std::string (*encode)(absl::Span<const Sample>, int64_t);
  absl::Status (*decode)(std::string_view, uint32_t, int64_t, std::vector<Sample>*);
};

class SampleCodecTest : public testing::TestWithParam<Codec> {
 protected:
  std::string Encoded(absl::Span<const Sample> samples, int64_t base_ns) {
    return GetParam().encode(samples, base_ns);
  }
  absl::StatusOr<std::vector<Sample>> Decoded(std::string_view payload, size_t count,
                                              int64_t base_ns) {
    std::vector<Sample> samples;
    const absl::Status status =
        GetParam().decode(payload, static_cast<uint32_t>(count), base_ns, &samples);
    if (!status.ok()) return status;
    return samples;
  }
  void ExpectRoundTrip(const std::vector<Sample>& samples, int64_t base_ns) {
    const auto again = Decoded(Encoded(samples, base_ns), samples.size(), base_ns);
    ASSERT_TRUE(again.ok()) << again.status();
    ASSERT_EQ(again->size(), samples.size());
    for (size_t i = 0; i < samples.size(); ++i) {
      ASSERT_EQ((*again)[i], samples[i]) << "sample " << i << " of " << samples.size();
    }
  }
};

TEST_P(SampleCodecTest, RoundTripsAClosedLoop) {
  RandomStream random(1);
  const std::vector<Sample> samples = ClosedLoopSamples(&random, 20'000);
  ExpectRoundTrip(samples, samples[0].intended_ns);
}

TEST_P(SampleCodecTest, RoundTripsAnOpenLoop) {
  RandomStream random(2);
  const std::vector<Sample> samples = OpenLoopSamples(&random, 20'000);
  ExpectRoundTrip(samples, samples[0].intended_ns);
}

// Decreasing times, negative latencies, the ends of 64 bits: the codec must keep them exactly, so that stored samples
// show defects elsewhere.
TEST_P(SampleCodecTest, RoundTripsAnySamplesOfAnyCount) {
  RandomStream random(3);
  for (int count = 1; count <= 2 * kBlockSamples + 1; ++count) {
    const auto base_ns = static_cast<int64_t>(random.Next());
    ExpectRoundTrip(ArbitrarySamples(&random, count), base_ns);
    if (HasFatalFailure()) FAIL() << count << " samples";
  }
}

TEST_P(SampleCodecTest, EqualSamplesRoundTripAndTakeFewBytes) {
  const std::vector<Sample> samples(kBlockSamples, Sample{.intended_ns = 5, .latency_ns = 7});
  ExpectRoundTrip(samples, 5);
  EXPECT_LE(Encoded(samples, 5).size(), 16);
}

TEST_P(SampleCodecTest, RoundTripsAFullChunk) {
  RandomStream random(4);
  ExpectRoundTrip(ClosedLoopSamples(&random, kMaxChunkSamples), 0);
}

TEST_P(SampleCodecTest, NoSamplesGiveAnEmptyPayload) {
  EXPECT_EQ(Encoded({}, 1), "");
  EXPECT_TRUE(Decoded("", 0, 1).ok());
  EXPECT_EQ(Decoded("x", 0, 1).status().code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(Decoded(std::string_view(), 1, 1).status().code(), absl::StatusCode::kDataLoss);
}

TEST_P(SampleCodecTest, DecodingAppends) {
  RandomStream random(5);
  const std::vector<Sample> samples = ClosedLoopSamples(&random, 200);
  std::vector<Sample> all = {Sample{.intended_ns = 1}};
  ASSERT_TRUE(GetParam().decode(Encoded(samples, 9), 200, 9, &all).ok());
  ASSERT_EQ(all.size(), 201);
  EXPECT_EQ(all[0], Sample{.intended_ns = 1});
  EXPECT_EQ(all[200], samples[199]);
}

// Half a chunk of samples would be worse than none.
TEST_P(SampleCodecTest, RejectsAShortenedPayloadAndAppendsNothing) {
  RandomStream random(6);
  const std::vector<Sample> samples = ClosedLoopSamples(&random, 300);
  const std::string payload = Encoded(samples, 0);
  for (size_t length = 0; length < payload.size(); ++length) {
    std::vector<Sample> all = {Sample{.intended_ns = 1}};
    const absl::Status status =
        GetParam().decode(std::string_view(payload).substr(0, length), 300, 0, &all);
    ASSERT_EQ(status.code(), absl::StatusCode::kDataLoss) << length;
    ASSERT_EQ(all.size(), 1) << length;
  }
}

TEST_P(SampleCodecTest, RejectsADifferentCount) {
  RandomStream random(7);
  const std::string payload = Encoded(ClosedLoopSamples(&random, 300), 0);
  for (const uint32_t count : {0, 1, 128, 299, 301, 384, 65'536, 65'537}) {
    EXPECT_EQ(Decoded(payload, count, 0).status().code(), absl::StatusCode::kDataLoss) << count;
  }
}

TEST_P(SampleCodecTest, RejectsBytesAfterTheLastSample) {
  RandomStream random(8);
  const std::string payload = Encoded(ClosedLoopSamples(&random, 300), 0);
  EXPECT_EQ(Decoded(payload + '\0', 300, 0).status().code(), absl::StatusCode::kDataLoss);
}

// The checksum detects damaged bytes. If damage gets past it, the result must be wrong figures or an error, and
// nothing worse.
TEST_P(SampleCodecTest, FlippedBitsAreRejectedOrKeepTheCount) {
  RandomStream random(9);
  const std::string payload = Encoded(ClosedLoopSamples(&random, 200), 0);
  size_t rejected = 0;
  for (size_t bit = 0; bit < payload.size() * 8; ++bit) {
    std::string broken = payload;
    broken[bit / 8] = static_cast<char>(broken[bit / 8] ^ (1 << (bit % 8)));
    const auto samples = Decoded(broken, 200, 0);
    rejected += samples.ok() ? 0 : 1;
    if (!samples.ok()) continue;
    for (const Sample& sample : *samples) {
      ASSERT_LE(sample.outcome, SampleOutcome::kTimeout) << "bit " << bit;
    }
    ASSERT_EQ(samples->size(), 200);
  }
  EXPECT_GT(rejected, 0);
}

TEST_P(SampleCodecTest, SamplesTakeAtMostFiveAndAHalfBytesEach) {
  RandomStream random(10);
  for (const auto& samples : {ClosedLoopSamples(&random, 65'536), OpenLoopSamples(&random, 65'536),
                              ClosedLoopSamples(&random, 65'536, 750)}) {
    const double bytes =
        static_cast<double>(Encoded(samples, samples[0].intended_ns).size()) / 65'536;
    EXPECT_LE(bytes, 5.5);
    RecordProperty("bytes_per_sample", std::to_string(bytes));
  }
}

INSTANTIATE_TEST_SUITE_P(
    Codecs, SampleCodecTest,
    testing::Values(Codec{"Blocks", EncodedBlocks, DecodeBlocks},
                    Codec{"Planes",
                          [](absl::Span<const Sample> samples, int64_t base_ns) {
                            return EncodePlanes(samples, base_ns).value();
                          },
                          DecodePlanes}),
    [](const testing::TestParamInfo<Codec>& codec) { return codec.param.name; });

// Otherwise closed loops of many connections, whose send times jump, would take too many bytes.
TEST(EncodeBlockTest, ChoosesCompletionTimesIfSendTimesJump) {
  RandomStream random(11);
  std::vector<Sample> samples = ClosedLoopSamples(&random, kBlockSamples, 750);
  const size_t in_order = EncodedBlocks(samples, samples[0].intended_ns).size();
  // The same samples in the order of their send times: completion times jump instead.
  std::sort(samples.begin(), samples.end(),
            [](const Sample& a, const Sample& b) { return a.intended_ns < b.intended_ns; });
  const size_t by_send = EncodedBlocks(samples, samples[0].intended_ns).size();
  EXPECT_LE(in_order, by_send + kBlockSamples / 4);
  EXPECT_LE(in_order, kBlockSamples * 11 / 2);
}

}  // namespace
}  // namespace assay

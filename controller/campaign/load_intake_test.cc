#include "controller/campaign/load_intake.h"

#include <functional>
#include <memory>
#include <string>

#include "analysis/crc32c.h"
#include "analysis/latency_histogram.h"
#include "controller/store/store_samples.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "proto/convert/histogram_proto.h"

namespace assay::controller {
namespace {

using ::testing::HasSubstr;

constexpr char kCampaign[] = "0123456789ab";
constexpr uint32_t kSamples = 1'000;

class LoadIntakeTest : public ::testing::Test {
 protected:
  LoadIntakeTest() : store_(OpenedStore(folder_.Path("assay.db"))) {
    EXPECT_TRUE(store_->CreateCampaign(SampleCampaign(kCampaign)).ok());
    record_.mutable_finished()->set_samples_recorded(100 * kSamples);
    Restart();
  }

  void Restart() {
    record_.clear_chunks();
    record_.clear_samples_received();
    intake_ = std::make_unique<LoadIntake>(*store_, kCampaign, "e", 0, record_, nullptr,
                                           IntakeLimits::Over(absl::Seconds(10)));
  }

  // A valid chunk at the expected position.
  static DataRecord ChunkRecord(uint32_t sequence, uint32_t thread = 0) {
    DataRecord record;
    *record.mutable_samples() = PackedChunk(sequence + 1, kSamples);
    record.mutable_samples()->set_thread(thread);
    record.mutable_samples()->set_thread_sequence(sequence);
    record.mutable_samples()->set_first_index(uint64_t{sequence} * kSamples);
    return record;
  }
  static DataRecord SecondRecord(uint32_t second) {
    DataRecord record;
    record.mutable_second()->set_second(second);
    return record;
  }

  // Applies `change` to the second chunk of a thread, and returns the status of taking it.
  absl::Status OfChanged(const std::function<void(SampleChunk&)>& change) {
    Restart();
    EXPECT_TRUE(intake_->Take(ChunkRecord(0)).ok());
    DataRecord record = ChunkRecord(1);
    change(*record.mutable_samples());
    return intake_->Take(record);
  }

  TemporaryFolder folder_;
  std::unique_ptr<Store> store_;
  LoadRecord record_;
  std::unique_ptr<LoadIntake> intake_;
};

TEST_F(LoadIntakeTest, TakesTheChunksOfEachThreadInOrderAndCountsThem) {
  for (const uint32_t thread : {0, 3}) {
    for (uint32_t i = 0; i < 3; ++i) {
      const absl::Status taken = intake_->Take(ChunkRecord(i, thread));
      EXPECT_TRUE(taken.ok()) << taken;
    }
  }
  ASSERT_TRUE(intake_->Stage().ok());
  EXPECT_EQ(intake_->chunks().size(), 6);
  EXPECT_EQ(record_.chunks(), 6);
  EXPECT_EQ(record_.samples_received(), 6 * kSamples);
}

// The agent counts the samples that it loses. A loss is not an error.
TEST_F(LoadIntakeTest, AcceptsAGapInTheSamples) {
  EXPECT_TRUE(OfChanged([](SampleChunk& chunk) { chunk.set_first_index(50'000); }).ok());
}

TEST_F(LoadIntakeTest, EveryKindOfInvalidChunkIsAnErrorOfTheAgent) {
  const std::function<void(SampleChunk&)> changes[] = {
      [](SampleChunk& chunk) { chunk.set_crc32c(chunk.crc32c() ^ 1); },
      [](SampleChunk& chunk) { (*chunk.mutable_payload())[5] ^= 1; },
      [](SampleChunk& chunk) { chunk.set_count(kSamples - 1); },
      [](SampleChunk& chunk) { chunk.set_count(kSamples + 1); },
      [](SampleChunk& chunk) { chunk.set_count(0); },
      [](SampleChunk& chunk) { chunk.set_count(65'537); },
      [](SampleChunk& chunk) { chunk.set_count(UINT32_MAX); },
      [](SampleChunk& chunk) { chunk.set_codec(static_cast<SampleChunk::Codec>(9)); },
      [](SampleChunk& chunk) { chunk.set_codec(SampleChunk::PLANES_ZLIB); },
      [](SampleChunk& chunk) { chunk.set_thread_sequence(0); },
      [](SampleChunk& chunk) { chunk.set_thread_sequence(2); },
      [](SampleChunk& chunk) { chunk.set_thread_sequence(UINT32_MAX); },
      [](SampleChunk& chunk) { chunk.set_thread(UINT32_MAX); },
      [](SampleChunk& chunk) { chunk.set_first_index(kSamples - 1); },
      [](SampleChunk& chunk) { chunk.set_first_index(UINT64_MAX); },
      // The check sum is right, but the payload is invalid.
      [](SampleChunk& chunk) {
        chunk.set_payload("short");
        chunk.set_crc32c(Crc32c(chunk.payload()));
      },
  };
  for (const auto& change : changes) {
    const absl::Status taken = OfChanged(change);
    EXPECT_EQ(taken.code(), absl::StatusCode::kDataLoss)
        << taken << ", change " << &change - changes;
    EXPECT_TRUE(intake_->store_status().ok());
    // The chunk before it is valid, and the store accepts it.
    EXPECT_TRUE(intake_->Stage().ok());
  }
}

TEST_F(LoadIntakeTest, RejectsMoreSamplesThanTheAgentRecorded) {
  record_.mutable_finished()->set_samples_recorded(kSamples + 1);
  ASSERT_TRUE(intake_->Take(ChunkRecord(0)).ok());
  const absl::Status taken = intake_->Take(ChunkRecord(1));
  EXPECT_THAT(std::string(taken.message()), HasSubstr("but it reports that it recorded 1001"));
}

TEST_F(LoadIntakeTest, RejectsIntervalsThatAreDuplicateOrBeyondTheWindow) {
  ASSERT_TRUE(intake_->Take(SecondRecord(1)).ok());
  ASSERT_TRUE(intake_->Take(SecondRecord(0)).ok());
  EXPECT_EQ(intake_->Take(SecondRecord(1)).code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(intake_->Take(SecondRecord(20)).code(), absl::StatusCode::kDataLoss);
  DataRecord broken = SecondRecord(2);
  broken.mutable_second()->mutable_latency()->set_layout(77);
  EXPECT_EQ(intake_->Take(broken).code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(intake_->seconds().size(), 2);
}

TEST_F(LoadIntakeTest, RejectsRecordsOfAnotherKind) {
  DataRecord profile;
  profile.mutable_profile();
  EXPECT_EQ(intake_->Take(profile).code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(intake_->Take(DataRecord()).code(), absl::StatusCode::kDataLoss);
}

// Otherwise an agent could fill the controller's memory or the store's disk.
TEST_F(LoadIntakeTest, RejectsTooManyRecordsAndNamesTheLimit) {
  record_.mutable_finished()->set_samples_recorded(UINT64_MAX);
  const IntakeLimits few = {
      .seconds = 100, .bytes_of_seconds = 1'000, .samples = 4 * kSamples, .chunks = 1'000};
  LoadIntake bytes(*store_, kCampaign, "e", 0, record_, nullptr, few);
  LatencyHistogram latency;
  for (int i = 0; i < 200; ++i) latency.Record(int64_t{i} * 1'000);
  DataRecord record;
  ToProto(latency, record.mutable_second()->mutable_latency());
  absl::Status taken;
  uint32_t second = 0;
  while (taken.ok() && second < 50) {
    record.mutable_second()->set_second(second++);
    taken = bytes.Take(record);
  }
  EXPECT_EQ(taken.code(), absl::StatusCode::kResourceExhausted) << taken;
  EXPECT_THAT(std::string(taken.message()), HasSubstr("more than 1000 bytes of intervals"));

  LoadIntake samples(*store_, kCampaign, "e", 0, record_, nullptr, few);
  taken = absl::OkStatus();
  uint32_t chunk = 0;
  while (taken.ok() && chunk < 50) taken = samples.Take(ChunkRecord(chunk++));
  EXPECT_EQ(chunk, 5);
  EXPECT_EQ(taken.code(), absl::StatusCode::kResourceExhausted) << taken;
  EXPECT_THAT(std::string(taken.message()), HasSubstr("more than 4000 samples"));

  record_.clear_samples_received();
  record_.clear_chunks();
  LoadIntake chunks(*store_, kCampaign, "e", 0, record_, nullptr,
                    {.seconds = 1, .samples = UINT64_MAX, .chunks = 2});
  taken = absl::OkStatus();
  chunk = 0;
  while (taken.ok() && chunk < 50) taken = chunks.Take(ChunkRecord(chunk++));
  EXPECT_EQ(chunk, 3);
  EXPECT_THAT(std::string(taken.message()), HasSubstr("more than 2 sample chunks"));
}

// A store failure is not an error of the agent.
TEST_F(LoadIntakeTest, ReportsAStoreFailureAsTheStoresStatus) {
  ASSERT_TRUE(intake_->Take(ChunkRecord(0)).ok());
  RunSql(folder_.Path("assay.db"), "DROP TABLE staged_chunk");
  EXPECT_FALSE(intake_->Stage().ok());
  EXPECT_FALSE(intake_->store_status().ok());
}

}  // namespace
}  // namespace assay::controller

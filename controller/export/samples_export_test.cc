#include "controller/export/samples_export.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "analysis/crc32c.h"
#include "analysis/sample_codec.h"
#include "controller/export/read_back.h"
#include "controller/verdict/verdict_fixture.h"

namespace assay::controller {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr int64_t kSecond = 1'000'000'000;
// When the load was started on its agent's clock; the warm-up takes half a second.
constexpr int64_t kStart = 7'000 * kSecond;
constexpr int64_t kWindow = kStart + kSecond / 2;

SampleChunk ChunkOf(const std::vector<Sample>& samples, uint64_t first_index = 0) {
  SampleChunk chunk;
  chunk.set_count(static_cast<uint32_t>(samples.size()));
  chunk.set_codec(SampleChunk::PLANES_ZLIB);
  chunk.set_first_send_ns(samples.front().intended_ns);
  chunk.set_first_index(first_index);
  chunk.set_payload(*EncodePlanes(samples, chunk.first_send_ns()));
  chunk.set_crc32c(Crc32c(chunk.payload()));
  return chunk;
}

class SamplesExportTest : public VerdictFixture {
 protected:
  void AddSamples(const CampaignRecord& campaign, ExecutionRecord execution,
                  const std::vector<SampleChunk>& chunks) {
    const auto staged = store_->StageChunks(campaign.id(), execution.id(), 0, chunks);
    ASSERT_TRUE(staged.ok()) << staged.status();
    const absl::Status committed = store_->CommitExecution(execution, *staged, {});
    ASSERT_TRUE(committed.ok()) << committed;
  }

  ExecutionRecord Started(const CampaignRecord& campaign) {
    ExecutionRecord execution = RecordOf(campaign, {.target = "epoll"});
    execution.mutable_loads(0)->set_start_ns(kStart);
    return execution;
  }

  absl::StatusOr<std::string> Csv(const CampaignRecord& campaign, const SampleRange& range = {}) {
    std::string text;
    const absl::StatusOr<SamplesWritten> written = WriteSamples(
        *store_, campaign, range,
        [&](std::string_view piece) {
          text.append(piece);
          longest_ = std::max(longest_, piece.size());
          return absl::OkStatus();
        },
        nullptr);
    if (!written.ok()) return written.status();
    written_ = *written;
    return text;
  }

  size_t longest_ = 0;
  SamplesWritten written_;
};

constexpr char kOneTarget[] = "targets { name: 'epoll' } verdict: NONE";
constexpr char kTitles[] =
    "execution,target,workload,mode,connections,rate,block,load,thread,at_ns,latency_ns,outcome";

TEST_F(SamplesExportTest, EachSampleIsALineWithItsTimeInTheWindow) {
  const CampaignRecord campaign = Campaign(kOneTarget, 1);
  AddSamples(campaign, Started(campaign),
             {ChunkOf({{kWindow, 1'500, SampleOutcome::kOk},
                       {kWindow + 2 * kSecond, 7, SampleOutcome::kWrong5xx}})});
  const absl::StatusOr<std::string> csv = Csv(campaign);
  ASSERT_TRUE(csv.ok()) << csv.status();
  const std::vector<std::string> lines = absl::StrSplit(*csv, "\r\n", absl::SkipEmpty());
  const std::string begin = "0123456789ab-epoll-64-0,epoll,json,closed,64,,0,0,0,";
  EXPECT_THAT(lines, ElementsAre(kTitles, begin + "0,1500,ok", begin + "2000000000,7,wrong_5xx"));
  EXPECT_EQ(written_.samples, 2);
}

TEST_F(SamplesExportTest, ARangeSelectsByTheTimeInTheWindow) {
  const CampaignRecord campaign = Campaign(kOneTarget, 1);
  AddSamples(campaign, Started(campaign),
             {ChunkOf({{kWindow, 1, SampleOutcome::kOk},
                       {kWindow + kSecond, 2, SampleOutcome::kOk},
                       {kWindow + 2 * kSecond, 3, SampleOutcome::kOk}})});
  const absl::StatusOr<std::string> csv = Csv(campaign, {.from_ns = kSecond, .to_ns = 2 * kSecond});
  ASSERT_TRUE(csv.ok()) << csv.status();
  EXPECT_THAT(*csv, HasSubstr(",1000000000,2,ok\r\n"));
  EXPECT_EQ(written_.samples, 1);
}

// In slots, the window begins with the first slot that is not warm-up.
TEST_F(SamplesExportTest, TimesInSlotsBeginAfterTheWarmUpSlots) {
  const CampaignRecord campaign = Campaign(kOneTarget, 1);
  ExecutionRecord execution = Started(campaign);
  SlotSchedule& slots = *execution.mutable_slots();
  slots.set_lead_ns(kSecond);
  slots.set_period_ns(60'000'000);
  slots.set_slot_ns(50'000'000);
  slots.set_count(4);
  slots.set_warmup_count(2);
  for (const uint32_t own : {0, 2}) slots.add_own(own);
  AddSamples(campaign, execution,
             {ChunkOf({{kStart + kSecond + 120'000'000 + 5, 1, SampleOutcome::kOk}})});
  const absl::StatusOr<std::string> csv = Csv(campaign);
  ASSERT_TRUE(csv.ok()) << csv.status();
  EXPECT_THAT(*csv, HasSubstr(",0,0,0,5,1,ok\r\n"));
}

// Records of the first versions lack the start of the load: the time is then empty, not wrong.
TEST_F(SamplesExportTest, ATimeThatIsNotKnownIsEmpty) {
  const CampaignRecord campaign = Campaign(kOneTarget, 1);
  AddSamples(campaign, RecordOf(campaign, {.target = "epoll"}),
             {ChunkOf({{kWindow, 9, SampleOutcome::kTimeout}})});
  const absl::StatusOr<std::string> csv = Csv(campaign);
  ASSERT_TRUE(csv.ok()) << csv.status();
  EXPECT_THAT(*csv, HasSubstr(",0,0,0,,9,timeout\r\n"));
  EXPECT_EQ(Csv(campaign, {.from_ns = 0}).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(SamplesExportTest, NamesTheSamplesThatWereLost) {
  const CampaignRecord campaign = Campaign(kOneTarget, 1);
  ExecutionRecord execution = Started(campaign);
  execution.mutable_loads(0)->mutable_finished()->set_samples_lost(3);
  AddSamples(campaign, execution, {ChunkOf({{kWindow, 9, SampleOutcome::kOk}})});
  ASSERT_TRUE(Csv(campaign).ok());
  EXPECT_THAT(written_.left_out, ElementsAre(HasSubstr("3 samples of execution")));
}

TEST_F(SamplesExportTest, ACampaignWithoutSamplesIsAnError) {
  const CampaignRecord campaign = Campaign(kOneTarget, 1);
  Add(campaign, {.target = "epoll"});
  EXPECT_EQ(Csv(campaign).status().code(), absl::StatusCode::kNotFound);
}

// Ten million samples must not be in memory at once. The text of one piece does not grow with their number, and Python
// reads all of them back.
TEST_F(SamplesExportTest, WritesInPiecesThatAnotherProgramReads) {
  const CampaignRecord campaign = Campaign(kOneTarget, 1);
  constexpr int kChunks = 4;
  constexpr int kPerChunk = 50'000;
  std::vector<SampleChunk> chunks;
  int64_t sum = 0;
  for (int i = 0; i < kChunks; ++i) {
    std::vector<Sample> samples;
    for (int j = 0; j < kPerChunk; ++j) {
      const int64_t index = int64_t{i} * kPerChunk + j;
      samples.push_back({kWindow + index, index, SampleOutcome::kOk});
      sum += index;
    }
    chunks.push_back(ChunkOf(samples, static_cast<uint64_t>(i) * kPerChunk));
  }
  AddSamples(campaign, Started(campaign), chunks);
  const absl::StatusOr<std::string> csv = Csv(campaign);
  ASSERT_TRUE(csv.ok()) << csv.status();
  EXPECT_LT(longest_, size_t{100} << 10);
  EXPECT_GT(csv->size(), 50 * longest_);
  const ReadBack read = ReadBackOf("samples", *csv);
  EXPECT_EQ(read.status, 0);
  EXPECT_EQ(read.output,
            absl::StrCat(kChunks * kPerChunk, " ", sum, "\nok ", kChunks * kPerChunk, "\n"));
}

// A full disk ends the export.
TEST_F(SamplesExportTest, AnErrorOfTheOutputEndsTheExport) {
  const CampaignRecord campaign = Campaign(kOneTarget, 1);
  AddSamples(campaign, Started(campaign), {ChunkOf({{kWindow, 9, SampleOutcome::kOk}})});
  const absl::StatusOr<SamplesWritten> written = WriteSamples(
      *store_, campaign, {}, [](std::string_view) { return absl::ResourceExhaustedError("full"); },
      nullptr);
  EXPECT_EQ(written.status().code(), absl::StatusCode::kResourceExhausted);
}

}  // namespace
}  // namespace assay::controller

// Damage to stored data is detected and reported, and the other data stay readable.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "controller/store/engine/schema.h"
#include "controller/store/sqlite/sqlite_database.h"
#include "controller/store/sqlite/sqlite_schema.h"
#include "controller/store/store.h"
#include "controller/store/store_samples.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace assay::controller {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr char kCampaign[] = "0123456789ab";

class DamageTest : public ::testing::Test {
 protected:
  DamageTest() : path_(folder_.Path("assay.db")), store_(OpenedStore(path_)) {
    EXPECT_TRUE(store_->CreateCampaign(SampleCampaign(kCampaign)).ok());
    for (uint32_t block = 0; block < 3; ++block) {
      ExecutionRecord execution = SampleExecution(kCampaign, block);
      const auto refs = store_->StageChunks(kCampaign, execution.id(), 0,
                                            {PackedChunk(2 * block), PackedChunk(2 * block + 1)});
      EXPECT_TRUE(refs.ok()) << refs.status();
      LoadInterval seconds[2];
      seconds[1].second.set_second(1);
      std::vector<ProfileChunk> profile(2);
      profile[1].set_sequence(1);
      EXPECT_TRUE(store_->CommitExecution(execution, *refs, seconds, profile).ok());
      ids_.push_back(execution.id());
    }
  }

  // Blocks of the readable executions, and the errors of the others.
  std::pair<std::vector<uint32_t>, std::vector<std::string>> Read() {
    std::vector<uint32_t> blocks;
    std::vector<absl::Status> damaged;
    const absl::Status read = store_->ForEachExecution(
        kCampaign,
        [&](const ExecutionRecord& one) {
          blocks.push_back(one.block());
          return absl::OkStatus();
        },
        &damaged);
    EXPECT_TRUE(read.ok()) << read;
    std::vector<std::string> texts;
    for (const absl::Status& one : damaged) {
      EXPECT_TRUE(absl::IsDataLoss(one)) << one;
      texts.emplace_back(one.message());
    }
    return {blocks, texts};
  }

  absl::Status ReadChunks(const std::string& id) {
    return store_->ReadChunks(id, [](auto, const auto&) { return absl::OkStatus(); });
  }

  auto NamesTheSecond() {
    return AllOf(HasSubstr(path_), HasSubstr(kCampaign), HasSubstr("execution " + ids_[1]));
  }

  TemporaryFolder folder_;
  const std::string path_;
  std::unique_ptr<Store> store_;
  std::vector<std::string> ids_;
};

// Damage anywhere must be detected: a slightly wrong figure would be the worst result.
TEST_F(DamageTest, DetectsEveryFlippedBitOfARecordAndReadsTheOthers) {
  const std::string hex =
      RunSql(path_, absl::StrCat("SELECT hex(record) FROM execution WHERE id = '", ids_[1], "'"));
  const std::string record = absl::HexStringToBytes(hex);
  ASSERT_GT(record.size(), 100);
  for (size_t at = 0; at < record.size(); at += 5) {
    std::string flipped = record;
    flipped[at] = static_cast<char>(flipped[at] ^ (1 << (at % 8)));
    RunSql(path_, absl::StrCat("UPDATE execution SET record = x'", absl::BytesToHexString(flipped),
                               "' WHERE id = '", ids_[1], "'"));
    const auto [blocks, damaged] = Read();
    EXPECT_EQ(blocks, (std::vector<uint32_t>{0, 2}));
    ASSERT_EQ(damaged.size(), 1);
    EXPECT_THAT(damaged[0], NamesTheSecond());
    const absl::Status one = store_->ReadExecution(ids_[1]).status();
    EXPECT_EQ(one.code(), absl::StatusCode::kDataLoss);
    EXPECT_THAT(std::string(one.message()), NamesTheSecond());
  }
  // A caller that does not pass `damaged` gets the error.
  EXPECT_TRUE(absl::IsDataLoss(store_->Executions(kCampaign).status()));
}

TEST_F(DamageTest, DetectsAChangedColumn) {
  const std::string changes[] = {
      "block = 9",   "status = 2",  "p99_us = p99_us * 2",   "target = 'other'",
      "sent = NULL", "seconds = 7", "retried = retried + 1", "id = id || 'x'"};
  for (const std::string& change : changes) {
    SCOPED_TRACE(change);
    RunSql(path_, "CREATE TABLE kept AS SELECT * FROM execution");
    RunSql(path_, absl::StrCat("UPDATE execution SET ", change, " WHERE sequence = 2"));
    const auto [blocks, damaged] = Read();
    EXPECT_EQ(blocks.size(), 2);
    ASSERT_EQ(damaged.size(), 1);
    EXPECT_THAT(damaged[0], AllOf(HasSubstr(path_), HasSubstr(kCampaign)));
    RunSql(path_, "REPLACE INTO execution SELECT * FROM kept; DROP TABLE kept");
  }
}

// An interval over fewer executions would be wrong too.
TEST_F(DamageTest, DetectsAMissingExecution) {
  RunSql(path_, "DELETE FROM execution WHERE sequence = 2");
  const auto [blocks, damaged] = Read();
  EXPECT_EQ(blocks, (std::vector<uint32_t>{0, 2}));
  ASSERT_EQ(damaged.size(), 1);
  EXPECT_THAT(damaged[0], HasSubstr("has 2 executions, but 3 were stored"));
}

TEST_F(DamageTest, DetectsAnExecutionOfAnotherCampaign) {
  ASSERT_TRUE(store_->CreateCampaign(SampleCampaign("bbbbbbbbbbbb")).ok());
  RunSql(path_, "UPDATE execution SET campaign_id = 'bbbbbbbbbbbb' WHERE sequence = 2");
  const auto [blocks, damaged] = Read();
  EXPECT_EQ(blocks, (std::vector<uint32_t>{0, 2}));
  EXPECT_EQ(damaged.size(), 1);
  EXPECT_TRUE(absl::IsDataLoss(store_->Executions("bbbbbbbbbbbb").status()));
}

TEST_F(DamageTest, DetectsChangedOrMissingSeconds) {
  for (const char* change :
       {"UPDATE second SET record = x'0801' WHERE execution = 2 AND second = 0",
        "UPDATE second SET ok = ok + 1 WHERE execution = 2 AND second = 0",
        "UPDATE second SET retried = 1 WHERE execution = 2 AND second = 1",
        "DELETE FROM second WHERE execution = 2 AND second = 1"}) {
    EXPECT_TRUE(store_->ReadSeconds(ids_[0]).ok());
    RunSql(path_, change);
    const absl::Status read = store_->ReadSeconds(ids_[1]).status();
    EXPECT_EQ(read.code(), absl::StatusCode::kDataLoss) << change;
    EXPECT_THAT(std::string(read.message()), NamesTheSecond());
  }
}

TEST_F(DamageTest, DetectsAProfileWithAChangedOrMissingChunk) {
  RunSql(path_, "UPDATE profile_chunk SET chunk = x'1801' WHERE execution = 2 AND ordinal = 0");
  const absl::Status changed = store_->ReadProfile(ids_[1]).status();
  EXPECT_EQ(changed.code(), absl::StatusCode::kDataLoss) << changed;
  EXPECT_THAT(std::string(changed.message()), NamesTheSecond());
  RunSql(path_, "DELETE FROM profile_chunk WHERE execution = 2 AND ordinal = 0");
  EXPECT_TRUE(absl::IsDataLoss(store_->ReadProfile(ids_[1]).status()));
  EXPECT_TRUE(store_->ReadProfile(ids_[0]).ok());
}

TEST_F(DamageTest, DetectsChangedOrMovedSamples) {
  for (const char* change :
       {"UPDATE execution_chunk SET load = 1 WHERE execution = 2 AND ordinal = 0",
        "UPDATE execution_chunk SET load = 0 WHERE execution = 2 AND ordinal = 0;"
        "DELETE FROM execution_chunk WHERE execution = 2 AND ordinal = 1"}) {
    RunSql(path_, change);
    const absl::Status read = ReadChunks(ids_[1]);
    EXPECT_EQ(read.code(), absl::StatusCode::kDataLoss) << change;
    EXPECT_THAT(std::string(read.message()), NamesTheSecond());
  }
  RunSql(path_,
         "UPDATE chunk SET chunk = x'00' WHERE sha256 IN "
         "(SELECT sha256 FROM execution_chunk WHERE execution = 1)");
  EXPECT_THAT(std::string(ReadChunks(ids_[0]).message()),
              AllOf(HasSubstr("execution " + ids_[0]), HasSubstr(kCampaign)));
  EXPECT_TRUE(ReadChunks(ids_[2]).ok());
}

TEST_F(DamageTest, ReportsADamagedCampaignAndListsTheOthers) {
  ASSERT_TRUE(store_->CreateCampaign(SampleCampaign("bbbbbbbbbbbb", 2)).ok());
  for (const char* change :
       {"UPDATE campaign SET label = 'x' WHERE id = '0123456789ab'",
        "UPDATE campaign SET label = '', started_us = 7 WHERE id = '0123456789ab'",
        "UPDATE campaign SET started_us = 1000000, record = CAST(substr(record, 1, 20) AS BLOB) "
        "WHERE id = '0123456789ab'"}) {
    RunSql(path_, change);
    const absl::Status found = store_->Find(kCampaign).status();
    EXPECT_EQ(found.code(), absl::StatusCode::kDataLoss) << change;
    EXPECT_THAT(std::string(found.message()), AllOf(HasSubstr(path_), HasSubstr(kCampaign)));
    const std::vector<CampaignSummary> campaigns = *store_->ListCampaigns();
    ASSERT_EQ(campaigns.size(), 2);
    for (const CampaignSummary& one : campaigns) EXPECT_EQ(one.damaged, one.id == kCampaign);
  }
  EXPECT_TRUE(store_->Find("bbbbbbbbbbbb").ok());
}

TEST_F(DamageTest, RegularUpdatesAreNotDamage) {
  CampaignRecord campaign = *store_->Find(kCampaign);
  campaign.set_label("other");
  campaign.set_status(CampaignRecord::COMPLETE);
  ASSERT_TRUE(store_->UpdateCampaign(campaign).ok());
  ASSERT_TRUE(store_->AttachProfile(ids_[1], ProfileInfo(), std::vector<ProfileChunk>(1)).ok());
  store_ = OpenedStore(path_, Store::Mode::kRead);
  EXPECT_TRUE(store_->Find("other").ok());
  EXPECT_TRUE(store_->ListCampaigns()->front().damaged == false);
  const auto [blocks, damaged] = Read();
  EXPECT_EQ(blocks.size(), 3);
  EXPECT_TRUE(damaged.empty()) << damaged[0];
  for (const std::string& id : ids_) {
    EXPECT_TRUE(ReadChunks(id).ok());
    EXPECT_TRUE(store_->ReadSeconds(id).ok());
    EXPECT_TRUE(store_->ReadProfile(id).ok());
  }
}

// Rows of versions before 3 have no hash and stay valid.
TEST(OldStoreTest, RecordsWithoutAHashStayReadableAndGetOneWhenWritten) {
  const TemporaryFolder folder;
  const std::string path = folder.Path("old.db");
  const CampaignRecord campaign = SampleCampaign(kCampaign);
  const ExecutionRecord execution = SampleExecution(kCampaign, 0);
  {
    const std::unique_ptr<SqliteDatabase> database =
        *SqliteDatabase::Open(path, SqliteDatabase::Access::kWrite, absl::Seconds(10));
    ASSERT_TRUE(MigrateSchema(database.get(), SqliteSchemaSteps().first(2)).ok());
  }
  RunSql(path, absl::StrCat("INSERT INTO campaign (id, label, plan, started_us, ended_us, status, "
                            "status_reason, record) VALUES ('",
                            kCampaign, "', '', 'p', 1, 2, 2, '', x'",
                            absl::BytesToHexString(campaign.SerializeAsString()), "')"));
  RunSql(path, absl::StrCat("INSERT INTO execution (sequence, id, campaign_id, target, workload, "
                            "mode, connections, rate_per_s, profiled, block, position, attempt, "
                            "status, failure, started_us, analysis_version, record) VALUES (1, '",
                            execution.id(), "', '", kCampaign,
                            "', 'epoll', 'json', 'closed', 64, 0, 0, 0, 0, 0, 1, '', 1, 1, x'",
                            absl::BytesToHexString(execution.SerializeAsString()), "')"));
  RunSql(path,
         "INSERT INTO second (execution, load, second, sent, ok, errors, timeouts, record) "
         "VALUES (1, 0, 0, 1, 1, 0, 0, x'1801')");
  const std::unique_ptr<Store> store = OpenedStore(path, Store::Mode::kRead);
  EXPECT_TRUE(store->Find(kCampaign).ok());
  EXPECT_FALSE(store->ListCampaigns()->front().damaged);
  ASSERT_EQ(store->Executions(kCampaign)->size(), 1);
  EXPECT_EQ(store->ReadExecution(execution.id())->SerializeAsString(),
            execution.SerializeAsString());
  EXPECT_EQ(store->ReadSeconds(execution.id())->size(), 1);
  EXPECT_TRUE(store->ReadProfile(execution.id())->empty());
  // After a change, the hash protects the row.
  const std::unique_ptr<Store> writing = OpenedStore(path);
  ASSERT_TRUE(
      writing->AttachProfile(execution.id(), ProfileInfo(), std::vector<ProfileChunk>(1)).ok());
  EXPECT_TRUE(store->ReadExecution(execution.id()).ok());
  EXPECT_EQ(store->ReadSeconds(execution.id())->size(), 1);
  RunSql(path, "UPDATE execution SET p99_us = 1");
  EXPECT_TRUE(absl::IsDataLoss(store->ReadExecution(execution.id()).status()));
}

}  // namespace
}  // namespace assay::controller

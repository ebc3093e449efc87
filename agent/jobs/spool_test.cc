#include "agent/jobs/spool.h"

#include <dirent.h>

#include <cstdlib>
#include <string>

#include "gtest/gtest.h"

namespace assay::agent {
namespace {

std::string TestFolder() {
  std::string folder = testing::TempDir() + "/spool-test-XXXXXX";
  EXPECT_NE(mkdtemp(folder.data()), nullptr);
  return folder;
}

int FilesIn(const std::string& folder) {
  int count = 0;
  DIR* const dir = opendir(folder.c_str());
  while (const dirent* const entry = readdir(dir)) count += entry->d_name[0] != '.' ? 1 : 0;
  closedir(dir);
  return count;
}

DataRecord Chunk(uint64_t first_index, size_t bytes) {
  DataRecord record;
  record.mutable_samples()->set_first_index(first_index);
  record.mutable_samples()->set_payload(
      std::string(bytes, static_cast<char>('a' + first_index % 26)));
  return record;
}

// What record `sequence` must be when Chunk(sequence, bytes) was appended as such.
void ExpectChunk(const Spool& spool, uint64_t sequence, size_t bytes) {
  const absl::StatusOr<Spool::Bytes> read = spool.Read(sequence);
  ASSERT_TRUE(read.ok()) << read.status();
  ASSERT_NE(*read, nullptr);
  DataRecord record;
  ASSERT_TRUE(record.ParseFromString(**read));
  EXPECT_EQ(record.sequence(), sequence);
  EXPECT_EQ(record.samples().SerializeAsString(),
            Chunk(sequence, bytes).samples().SerializeAsString());
}

TEST(SpoolTest, NumbersRecordsFromOneAndReadsThemAgainUntilTheyAreCommitted) {
  Spool spool(TestFolder());
  for (uint64_t i = 1; i <= 5; ++i) ASSERT_TRUE(spool.Append(Chunk(i, 10)).ok());
  for (int round = 0; round < 2; ++round) {
    for (uint64_t i = 1; i <= 5; ++i) ExpectChunk(spool, i, 10);
  }
  ASSERT_TRUE(spool.Commit(2).ok());
  EXPECT_TRUE(absl::IsOutOfRange(spool.Read(2).status()));
  ExpectChunk(spool, 3, 10);
  EXPECT_EQ(spool.last(), 5u);
  EXPECT_EQ(*spool.Read(6), nullptr);
}

// What is serialised already is passed on as it is.
TEST(SpoolTest, SerialisedRecordsAreNumberedAmongTheOthers) {
  Spool spool(TestFolder(), /*memory_bytes=*/40);
  ASSERT_TRUE(spool.Append(Chunk(1, 10)).ok());
  for (uint64_t i = 2; i <= 300; ++i) {
    ASSERT_TRUE(spool.AppendSerialised(Chunk(i, 10).SerializeAsString()).ok());
  }
  for (uint64_t i = 1; i <= 300; ++i) ExpectChunk(spool, i, 10);
  spool.End();
  ASSERT_TRUE(spool.AppendSerialised(Chunk(301, 10).SerializeAsString()).ok());
  EXPECT_EQ(spool.last(), 301u) << "the end mark";
}

// A reader that is away for long must not make the agent grow.
TEST(SpoolTest, KeepsWhatDoesNotFitIntoMemoryInFilesAndGivesItBackTheSame) {
  const std::string folder = TestFolder();
  Spool spool(folder, /*memory_bytes=*/10'000, /*file_bytes=*/20'000);
  for (uint64_t i = 1; i <= 100; ++i) ASSERT_TRUE(spool.Append(Chunk(i, 1'000 + i)).ok());
  EXPECT_LE(spool.bytes_in_memory(), 10'000u);
  EXPECT_GT(spool.bytes_in_files(), 90'000u);
  EXPECT_EQ(FilesIn(folder), 0) << "an agent that is killed would leave files behind";
  for (uint64_t i = 1; i <= 100; ++i) ExpectChunk(spool, i, 1'000 + i);
}

TEST(SpoolTest, CommittingFreesMemoryAndFiles) {
  Spool spool(TestFolder(), /*memory_bytes=*/10'000, /*file_bytes=*/20'000);
  for (uint64_t i = 1; i <= 100; ++i) ASSERT_TRUE(spool.Append(Chunk(i, 1'000)).ok());
  ASSERT_TRUE(spool.Commit(99).ok());
  EXPECT_EQ(spool.bytes_in_memory(), 0u);
  EXPECT_LE(spool.bytes_in_files(), 20'000u);
  ExpectChunk(spool, 100, 1'000);
  ASSERT_TRUE(spool.Append(Chunk(101, 1'000)).ok());
  ExpectChunk(spool, 101, 1'000);
  EXPECT_GT(spool.bytes_in_memory(), 1'000u) << "memory that is free again is used again";
  ASSERT_TRUE(spool.Commit(101).ok());
  EXPECT_EQ(spool.bytes_in_memory() + spool.bytes_in_files(), 0u);
}

TEST(SpoolTest, TheEndHasANumberAndNothingFollowsIt) {
  Spool spool(TestFolder());
  ASSERT_TRUE(spool.Append(Chunk(1, 10)).ok());
  spool.End();
  spool.End();
  ASSERT_TRUE(spool.Append(Chunk(2, 10)).ok());
  EXPECT_EQ(spool.last(), 2u);
  DataRecord last;
  ASSERT_TRUE(last.ParseFromString(**spool.Read(2)));
  EXPECT_TRUE(last.end());
  EXPECT_EQ(*spool.Read(3), nullptr);
}

TEST(SpoolTest, RefusesToCommitWhatIsNotThereYet) {
  Spool spool(TestFolder());
  ASSERT_TRUE(spool.Append(Chunk(1, 10)).ok());
  EXPECT_TRUE(absl::IsOutOfRange(spool.Commit(2)));
  EXPECT_TRUE(spool.Commit(1).ok());
  EXPECT_TRUE(spool.Commit(1).ok());
}

// Loss is data: the caller counts what could not be kept, and numbers stay without a gap.
TEST(SpoolTest, ARecordThatCannotBeKeptIsAnErrorAndUsesNoNumber) {
  Spool spool("/nonexistent/folder", /*memory_bytes=*/100);
  ASSERT_TRUE(spool.Append(Chunk(1, 10)).ok());
  const absl::Status lost = spool.Append(Chunk(2, 1'000));
  EXPECT_FALSE(lost.ok());
  EXPECT_NE(std::string(lost.message()).find("/nonexistent/folder"), std::string::npos) << lost;
  ASSERT_TRUE(spool.Append(Chunk(2, 10)).ok());
  ExpectChunk(spool, 2, 10);
  spool.End();
  EXPECT_EQ(spool.last(), 3u);
}

TEST(SpoolTest, RingsForEachRecord) {
  struct Counter : StreamSlot::Occupant {
    void OnChange() override { ++news; }
    void OnReplaced() override {}
    int news = 0;
  } counter;
  Spool spool(TestFolder());
  spool.slot().Take(&counter);
  ASSERT_TRUE(spool.Append(Chunk(1, 10)).ok());
  spool.End();
  EXPECT_EQ(counter.news, 2);
  spool.slot().Leave(&counter);
}

}  // namespace
}  // namespace assay::agent

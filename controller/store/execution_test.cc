// Executions and their samples in a store.

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "analysis/sample_codec.h"
#include "controller/store/store.h"
#include "controller/store/store_samples.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "proto/convert/sample_chunk.h"

namespace assay::controller {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr char kCampaign[] = "0123456789ab";

class ExecutionTest : public ::testing::Test {
 protected:
  ExecutionTest() : path_(folder_.Path("assay.db")), store_(OpenedStore(path_)) {
    EXPECT_TRUE(store_->CreateCampaign(SampleCampaign(kCampaign)).ok());
  }

  std::vector<ChunkRef> Staged(const std::string& execution_id, uint32_t load,
                               const std::vector<SampleChunk>& chunks) {
    absl::StatusOr<std::vector<ChunkRef>> refs =
        store_->StageChunks(kCampaign, execution_id, load, chunks);
    EXPECT_TRUE(refs.ok()) << refs.status();
    return refs.ok() ? *std::move(refs) : std::vector<ChunkRef>();
  }
  // All samples of an execution, with the load agent of each chunk.
  std::pair<std::vector<uint32_t>, std::vector<Sample>> Samples(const std::string& execution_id) {
    std::vector<uint32_t> loads;
    std::vector<Sample> samples;
    const absl::Status read =
        store_->ReadChunks(execution_id, [&](uint32_t load, const SampleChunk& chunk) {
          loads.push_back(load);
          EXPECT_EQ(chunk.codec(), SampleChunk::PLANES_ZLIB);
          return DecodeChunk(chunk, &samples);
        });
    EXPECT_TRUE(read.ok()) << read;
    return {loads, samples};
  }
  std::string Count(const std::string& table) {
    return RunSql(path_, "SELECT count(*) FROM " + table);
  }
  void OrphanStaging() { RunSql(path_, "UPDATE staged_chunk SET controller = 'another-boot/1/1'"); }

  TemporaryFolder folder_;
  const std::string path_;
  std::unique_ptr<Store> store_;
};

TEST_F(ExecutionTest, ExecutionReadsBackWithItsSamplesAndSeconds) {
  const ExecutionRecord execution = SampleExecution(kCampaign, 0);
  std::vector<ChunkRef> chunks = Staged(execution.id(), 0, {PackedChunk(1), PackedChunk(2)});
  const std::vector<ChunkRef> more = Staged(execution.id(), 1, {PackedChunk(3)});
  chunks.insert(chunks.end(), more.begin(), more.end());
  LoadInterval first, second;
  first.second.set_ok(10);
  second.load = 1;
  second.second.set_second(1);
  ASSERT_TRUE(store_->CommitExecution(execution, chunks, {second, first}).ok());

  store_ = OpenedStore(path_, Store::Mode::kRead);
  const std::vector<ExecutionRecord> executions = *store_->Executions(kCampaign);
  ASSERT_EQ(executions.size(), 1);
  EXPECT_EQ(executions[0].SerializeAsString(), execution.SerializeAsString());
  const auto [loads, samples] = Samples(execution.id());
  EXPECT_EQ(loads, (std::vector<uint32_t>{0, 0, 1}));
  std::vector<Sample> sent;
  for (const uint64_t seed : {1, 2, 3}) {
    const std::vector<Sample> some = SampleSamples(seed, 1'000);
    sent.insert(sent.end(), some.begin(), some.end());
  }
  EXPECT_EQ(samples, sent);
  const std::vector<LoadInterval> seconds = *store_->ReadSeconds(execution.id());
  ASSERT_EQ(seconds.size(), 2);
  EXPECT_EQ(seconds[0].second.ok(), 10);
  EXPECT_EQ(seconds[1].load, 1);
  EXPECT_EQ(seconds[1].second.second(), 1);
}

TEST_F(ExecutionTest, ExecutionsAreOrderedByBlockPositionAndAttempt) {
  ExecutionRecord late = SampleExecution(kCampaign, 1);
  ExecutionRecord again = SampleExecution(kCampaign, 0, "b");
  again.set_position(1);
  again.set_attempt(1);
  ExecutionRecord failed = SampleExecution(kCampaign, 0, "b");
  failed.set_position(1);
  ExecutionRecord early = SampleExecution(kCampaign, 0, "a");
  for (const ExecutionRecord& one : {late, again, failed, early}) {
    ASSERT_TRUE(store_->CommitExecution(one, {}, {}).ok());
  }
  std::vector<std::string> ids;
  ASSERT_TRUE(store_
                  ->ForEachExecution(kCampaign,
                                     [&](const ExecutionRecord& one) {
                                       ids.push_back(one.id());
                                       return absl::OkStatus();
                                     })
                  .ok());
  EXPECT_EQ(ids, (std::vector<std::string>{early.id(), failed.id(), again.id(), late.id()}));
}

TEST_F(ExecutionTest, VisitorMayStopAndMayUseTheStore) {
  for (uint32_t block = 0; block < 3; ++block) {
    ASSERT_TRUE(store_->CommitExecution(SampleExecution(kCampaign, block), {}, {}).ok());
  }
  int visited = 0;
  const absl::Status status = store_->ForEachExecution(kCampaign, [&](const ExecutionRecord& one) {
    EXPECT_TRUE(store_->ReadSeconds(one.id()).ok());
    return ++visited == 2 ? absl::AbortedError("enough") : absl::OkStatus();
  });
  EXPECT_EQ(status.message(), "enough");
  EXPECT_EQ(visited, 2);
}

// A stream that is attached again after an interruption can send a chunk twice.
TEST_F(ExecutionTest, ChunkStagedTwiceIsStoredOnce) {
  const ExecutionRecord execution = SampleExecution(kCampaign, 0);
  const std::vector<ChunkRef> first = Staged(execution.id(), 0, {PackedChunk(1)});
  const std::vector<ChunkRef> again = Staged(execution.id(), 0, {PackedChunk(1)});
  EXPECT_EQ(first[0].sha256, again[0].sha256);
  EXPECT_EQ(Count("chunk"), "1");
  ASSERT_TRUE(store_->CommitExecution(execution, first, {}).ok());
  EXPECT_EQ(Samples(execution.id()).second.size(), 1'000);
}

TEST_F(ExecutionTest, TwoExecutionsMayShareEqualChunks) {
  const ExecutionRecord one = SampleExecution(kCampaign, 0), two = SampleExecution(kCampaign, 1);
  ASSERT_TRUE(store_->CommitExecution(one, Staged(one.id(), 0, {PackedChunk(1)}), {}).ok());
  ASSERT_TRUE(store_->CommitExecution(two, Staged(two.id(), 0, {PackedChunk(1)}), {}).ok());
  EXPECT_EQ(Count("chunk"), "1");
  EXPECT_EQ(Samples(one.id()), Samples(two.id()));
}

TEST_F(ExecutionTest, RejectsTheWholeBatchOfADamagedChunk) {
  SampleChunk broken = PackedChunk(1);
  broken.mutable_payload()->back() ^= 1;
  const absl::StatusOr<std::vector<ChunkRef>> refs =
      store_->StageChunks(kCampaign, "e", 0, {PackedChunk(2), broken});
  EXPECT_EQ(refs.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(refs.status().message()), HasSubstr("checksum"));
  EXPECT_EQ(Count("chunk"), "0");
}

TEST_F(ExecutionTest, RejectsASecondCommitOfAnExecution) {
  const ExecutionRecord execution = SampleExecution(kCampaign, 0);
  ASSERT_TRUE(store_->CommitExecution(execution, {}, {}).ok());
  EXPECT_EQ(store_->CommitExecution(execution, {}, {}).code(), absl::StatusCode::kAlreadyExists);
  // Its cell, block and attempt are taken too; the next attempt is free.
  ExecutionRecord other = SampleExecution(kCampaign, 0);
  EXPECT_EQ(store_->CommitExecution(other, {}, {}).code(), absl::StatusCode::kAlreadyExists);
  other.set_attempt(1);
  EXPECT_TRUE(store_->CommitExecution(other, {}, {}).ok());
}

TEST_F(ExecutionTest, CommitWithAnUnstagedChunkStoresNothing) {
  const ExecutionRecord execution = SampleExecution(kCampaign, 0);
  std::vector<ChunkRef> chunks = Staged(execution.id(), 0, {PackedChunk(1)});
  chunks.push_back({0, std::string(32, 'x')});
  EXPECT_EQ(store_->CommitExecution(execution, chunks, {}).code(),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(*store_->Executions(kCampaign), IsEmpty());
  EXPECT_EQ(Count("staged_chunk"), "1") << "the staged chunk is kept for a retry";
}

// Otherwise it would count as measured, but `show` could not read it.
TEST_F(ExecutionTest, RejectsAnExecutionThatDoesNotReadBack) {
  ExecutionRecord execution = SampleExecution(kCampaign, 0);
  // Its serialised cell is not valid.
  execution.GetReflection()->MutableUnknownFields(&execution)->AddLengthDelimited(3, "\xff");
  const std::vector<ChunkRef> refs = Staged(execution.id(), 0, {PackedChunk(1)});
  const absl::Status refused = store_->CommitExecution(execution, refs, {});
  EXPECT_TRUE(absl::IsInvalidArgument(refused)) << refused;
  EXPECT_THAT(std::string(refused.message()),
              HasSubstr("execution " + execution.id() + " cannot be stored"));
  EXPECT_EQ(Count("execution"), "0");
  EXPECT_THAT(*store_->Executions(kCampaign), IsEmpty());
}

TEST_F(ExecutionTest, ReportsTheAgentWhoseRecordDoesNotReadBack) {
  ExecutionRecord execution = SampleExecution(kCampaign, 0);
  LoadRecord& load = *execution.add_loads();
  load.set_agent("far:7700");
  load.GetReflection()->MutableUnknownFields(&load)->AddLengthDelimited(3, "\xff");
  const absl::Status refused = store_->CommitExecution(execution, {}, {});
  EXPECT_TRUE(absl::IsInvalidArgument(refused)) << refused;
  EXPECT_THAT(std::string(refused.message()), HasSubstr(execution.id()));
  EXPECT_THAT(std::string(refused.message()), HasSubstr("load agent far:7700"));
  EXPECT_EQ(Count("execution"), "0");
}

TEST_F(ExecutionTest, RejectsASecondOrAProfileThatDoesNotReadBack) {
  const ExecutionRecord execution = SampleExecution(kCampaign, 0);
  LoadInterval second;
  // A histogram that is not valid.
  second.second.GetReflection()
      ->MutableUnknownFields(&second.second)
      ->AddLengthDelimited(6, "\xff");
  EXPECT_TRUE(absl::IsInvalidArgument(store_->CommitExecution(execution, {}, {second})));
  ProfileChunk chunk;
  chunk.GetReflection()->MutableUnknownFields(&chunk)->AddLengthDelimited(3, "\xff");
  EXPECT_TRUE(absl::IsInvalidArgument(store_->CommitExecution(execution, {}, {}, {chunk})));
  EXPECT_EQ(Count("execution"), "0");
  EXPECT_EQ(Count("second"), "0");
  EXPECT_EQ(Count("profile_chunk"), "0");
}

// The file's name is part of the profile's notes.
TEST_F(ExecutionTest, KeepsAProfileWithAFileNameThatIsNotUtf8) {
  const ExecutionRecord execution = SampleExecution(kCampaign, 0);
  ASSERT_TRUE(store_->CommitExecution(execution, {}, {}).ok());
  ProfileInfo info;
  info.add_notes("imported from caf\xe9.txt");
  ASSERT_TRUE(store_->AttachProfile(execution.id(), info, {}).ok());
  const absl::StatusOr<ExecutionRecord> read = store_->ReadExecution(execution.id());
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->imported_profile().notes(0), "imported from caf\xef\xbf\xbd.txt");
}

// Error texts of agents, function names and keys of maps from any source.
TEST_F(ExecutionTest, StoresInvalidUtf8AsValidText) {
  const std::string bad = "caf\xe9";
  const std::string good = "caf\xef\xbf\xbd";
  ExecutionRecord execution = SampleExecution(kCampaign, 0);
  execution.mutable_failure()->mutable_failure()->set_message(bad);
  execution.mutable_server()->mutable_profile()->add_notes(bad);
  (*execution.mutable_server()->mutable_network_counters())[bad] = 1;
  ProfileChunk chunk;
  chunk.add_strings(bad);
  ASSERT_TRUE(store_->CommitExecution(execution, {}, {}, {chunk}).ok());
  const absl::StatusOr<ExecutionRecord> read = store_->ReadExecution(execution.id());
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->failure().failure().message(), good);
  EXPECT_EQ(read->server().profile().notes(0), good);
  EXPECT_EQ(read->server().network_counters().at(good), 1);
  EXPECT_EQ(RunSql(path_, "SELECT failure FROM execution"), good) << "the column is valid text too";
  const auto profile = store_->ReadProfile(execution.id());
  ASSERT_TRUE(profile.ok()) << profile.status();
  EXPECT_EQ((*profile)[0].strings(0), good);
}

TEST_F(ExecutionTest, ReportsUnknownIds) {
  EXPECT_EQ(store_->CommitExecution(SampleExecution("nowhere", 0), {}, {}).code(),
            absl::StatusCode::kNotFound);
  EXPECT_EQ(store_->Executions("nowhere").status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(store_->ReadSeconds("nowhere").status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(
      store_->ReadChunks("nowhere", [](auto, const auto&) { return absl::OkStatus(); }).code(),
      absl::StatusCode::kNotFound);
}

TEST_F(ExecutionTest, CommitRemovesStagedChunksThatItDoesNotReferTo) {
  const ExecutionRecord failed = SampleExecution(kCampaign, 0);
  Staged(failed.id(), 0, {PackedChunk(1), PackedChunk(2)});
  Staged("another", 0, {PackedChunk(2)});
  ASSERT_TRUE(store_->CommitExecution(failed, {}, {}).ok());
  EXPECT_EQ(Count("chunk"), "1") << "the chunk of another execution is kept";
  EXPECT_EQ(Count("staged_chunk"), "1");
}

TEST_F(ExecutionTest, SweepRemovesOnlyChunksStagedByDeadProcesses) {
  const ExecutionRecord kept = SampleExecution(kCampaign, 0);
  ASSERT_TRUE(store_->CommitExecution(kept, Staged(kept.id(), 0, {PackedChunk(1)}), {}).ok());
  Staged("lost", 0, {PackedChunk(1), PackedChunk(2)});
  OrphanStaging();
  Staged("alive", 0, {PackedChunk(3)});
  EXPECT_GT(*store_->SweepUncommitted(), 0);
  EXPECT_EQ(Count("chunk"), "2");
  EXPECT_EQ(Count("staged_chunk"), "1");
  EXPECT_EQ(Samples(kept.id()).second.size(), 1'000);
  EXPECT_EQ(*store_->SweepUncommitted(), 0);
}

// A controller on another host may still be running the execution.
TEST_F(ExecutionTest, SweepKeepsChunksOfALiveControllerOnAnotherHost) {
  Staged("there", 0, {PackedChunk(1)});
  OrphanStaging();
  RunSql(path_, "UPDATE campaign SET controller = 'another-boot/1/1'");
  EXPECT_EQ(*store_->SweepUncommitted(), 0);
  RunSql(path_, "UPDATE campaign SET heartbeat_us = 1");
  EXPECT_GT(*store_->SweepUncommitted(), 0);
}

TEST_F(ExecutionTest, DoesNotReturnADamagedChunk) {
  const ExecutionRecord execution = SampleExecution(kCampaign, 0);
  ASSERT_TRUE(
      store_->CommitExecution(execution, Staged(execution.id(), 0, {PackedChunk(1)}), {}).ok());
  RunSql(path_,
         "UPDATE chunk SET chunk = CAST(substr(chunk, 1, length(chunk) - 1) || x'00' AS BLOB)");
  const absl::Status read =
      store_->ReadChunks(execution.id(), [](auto, const auto&) { return absl::OkStatus(); });
  EXPECT_EQ(read.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(read.message()), HasSubstr(path_));
}

TEST_F(ExecutionTest, RejectsAnInvalidHistogram) {
  ExecutionRecord execution = SampleExecution(kCampaign, 0);
  execution.mutable_latency()->set_layout(99);
  EXPECT_EQ(store_->CommitExecution(execution, {}, {}).code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(ExecutionTest, LargeBatchIsStagedInSeveralTransactionsInOrder) {
  std::vector<SampleChunk> chunks;
  for (uint64_t seed = 0; seed < 40; ++seed) chunks.push_back(PackedChunk(seed, 65'536));
  const ExecutionRecord execution = SampleExecution(kCampaign, 0);
  const std::vector<ChunkRef> refs = Staged(execution.id(), 0, chunks);
  ASSERT_EQ(refs.size(), chunks.size());
  ASSERT_TRUE(store_->CommitExecution(execution, refs, {}).ok());
  uint64_t seed = 0;
  ASSERT_TRUE(store_
                  ->ReadChunks(execution.id(),
                               [&](uint32_t, const SampleChunk& chunk) -> absl::Status {
                                 std::vector<Sample> samples;
                                 absl::Status decoded = DecodeChunk(chunk, &samples);
                                 EXPECT_EQ(samples, SampleSamples(seed++, 65'536));
                                 return decoded;
                               })
                  .ok());
  EXPECT_EQ(seed, 40);
}

TEST_F(ExecutionTest, ProfileIsStoredWithItsExecution) {
  std::vector<ProfileChunk> profile(2);
  profile[0].add_strings("main");
  profile[1].set_sequence(1);
  profile[1].add_sample_stack(0);
  const ExecutionRecord execution = SampleExecution(kCampaign, 0);
  ASSERT_TRUE(store_->CommitExecution(execution, {}, {}, profile).ok());
  const absl::StatusOr<std::vector<ProfileChunk>> read = store_->ReadProfile(execution.id());
  ASSERT_TRUE(read.ok()) << read.status();
  ASSERT_EQ(read->size(), 2);
  EXPECT_EQ((*read)[0].SerializeAsString(), profile[0].SerializeAsString());
  EXPECT_EQ((*read)[1].SerializeAsString(), profile[1].SerializeAsString());
  const ExecutionRecord plain = SampleExecution(kCampaign, 1);
  ASSERT_TRUE(store_->CommitExecution(plain, {}, {}).ok());
  EXPECT_TRUE(store_->ReadProfile(plain.id())->empty());
  EXPECT_EQ(store_->ReadProfile("nowhere").status().code(), absl::StatusCode::kNotFound);
  RunSql(path_, "UPDATE profile_chunk SET chunk = x'ffff' WHERE ordinal = 1");
  EXPECT_EQ(store_->ReadProfile(execution.id()).status().code(), absl::StatusCode::kDataLoss);
}

TEST_F(ExecutionTest, AttachesAndReplacesAnImportedProfile) {
  const ExecutionRecord execution = SampleExecution(kCampaign, 0);
  ASSERT_TRUE(store_->CommitExecution(execution, {}, {}).ok());
  ProfileInfo info;
  info.set_event("cycles");
  std::vector<ProfileChunk> profile(2);
  ASSERT_TRUE(store_->AttachProfile(execution.id(), info, profile).ok());
  profile.pop_back();
  info.set_event("cpu-clock");
  ASSERT_TRUE(store_->AttachProfile(execution.id(), info, profile).ok());
  EXPECT_EQ(store_->ReadProfile(execution.id())->size(), 1);
  ExecutionRecord read = store_->ReadExecution(execution.id()).value();
  EXPECT_EQ(read.imported_profile().event(), "cpu-clock");
  read.clear_imported_profile();
  EXPECT_EQ(read.SerializeAsString(), execution.SerializeAsString());
}

TEST_F(ExecutionTest, DoesNotReplaceAProfileThatAssayTook) {
  ExecutionRecord execution = SampleExecution(kCampaign, 0);
  execution.mutable_server()->mutable_profile()->set_event("cpu-clock");
  ASSERT_TRUE(store_->CommitExecution(execution, {}, {}, std::vector<ProfileChunk>(2)).ok());
  EXPECT_EQ(store_->AttachProfile(execution.id(), {}, {}).code(),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(store_->ReadProfile(execution.id())->size(), 2);
  EXPECT_EQ(store_->AttachProfile("nowhere", {}, {}).code(), absl::StatusCode::kNotFound);
  ExecutionRecord failed = SampleExecution(kCampaign, 1);
  failed.set_status(ExecutionRecord::FAILED);
  ASSERT_TRUE(store_->CommitExecution(failed, {}, {}).ok());
  EXPECT_EQ(store_->AttachProfile(failed.id(), {}, {}).code(),
            absl::StatusCode::kFailedPrecondition);
}

}  // namespace
}  // namespace assay::controller

// A killed process loses at most the execution that it had not committed.

#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <memory>
#include <string>
#include <vector>

#include "controller/store/store.h"
#include "controller/store/store_samples.h"
#include "gtest/gtest.h"
#include "proto/convert/sample_chunk.h"

namespace assay::controller {
namespace {

constexpr char kCampaign[] = "0123456789ab";
constexpr int kChunksEach = 3;
constexpr uint32_t kSamplesEach = 2'000;

// Runs `body` in a child process; `body` must not return. Returns the read end of a pipe to which the child writes.
template <typename Body>
std::pair<pid_t, int> Child(const Body& body) {
  int channel[2];
  EXPECT_EQ(pipe(channel), 0);
  const pid_t pid = fork();
  if (pid == 0) {
    close(channel[0]);
    body(channel[1]);
    _exit(1);
  }
  close(channel[1]);
  return {pid, channel[0]};
}

// Commits one execution after another, and reports each to the parent after its commit.
void CommitForEver(const std::string& path, uint32_t first_block, int channel) {
  const std::unique_ptr<Store> store = OpenedStore(path);
  for (uint32_t block = first_block;; ++block) {
    const ExecutionRecord execution = SampleExecution(kCampaign, block);
    std::vector<ChunkRef> refs;
    for (int i = 0; i < kChunksEach; ++i) {
      const SampleChunk chunk = PackedChunk(uint64_t{block} * kChunksEach + i, kSamplesEach);
      const absl::StatusOr<std::vector<ChunkRef>> staged =
          store->StageChunks(kCampaign, execution.id(), 0, {chunk});
      if (!staged.ok()) _exit(2);
      refs.push_back(staged->at(0));
    }
    if (!store->CommitExecution(execution, refs, {}).ok()) _exit(2);
    if (write(channel, &block, sizeof(block)) != sizeof(block)) _exit(3);
  }
}

int64_t SamplesOf(Store* store, const std::string& execution_id) {
  std::vector<Sample> samples;
  const absl::Status read = store->ReadChunks(
      execution_id,
      [&](uint32_t, const SampleChunk& chunk) { return DecodeChunk(chunk, &samples); });
  EXPECT_TRUE(read.ok()) << read;
  return static_cast<int64_t>(samples.size());
}

class CrashTest : public ::testing::Test {
 protected:
  CrashTest() : path_(folder_.Path("assay.db")) {
    EXPECT_TRUE(OpenedStore(path_)->CreateCampaign(SampleCampaign(kCampaign)).ok());
  }

  TemporaryFolder folder_;
  const std::string path_;
};

TEST_F(CrashTest, CommittedExecutionsAreWholeWheneverTheProcessIsKilled) {
  uint32_t committed = 0;
  for (uint32_t round = 1; round <= 6; ++round) {
    const auto [pid, channel] =
        Child([&](int to_parent) { CommitForEver(path_, committed, to_parent); });
    // Killed at any time: while staging, committing or reporting.
    for (uint32_t told = 0; told < round; ++told) {
      uint32_t block = 0;
      ASSERT_EQ(read(channel, &block, sizeof(block)), sizeof(block));
      committed = block + 1;
    }
    usleep(700 * round);
    kill(pid, SIGKILL);
    waitpid(pid, nullptr, 0);
    // The child may have continued before the signal arrived.
    uint32_t block = 0;
    while (read(channel, &block, sizeof(block)) == sizeof(block)) committed = block + 1;
    close(channel);

    const std::unique_ptr<Store> store = OpenedStore(path_);
    const std::vector<ExecutionRecord> executions = *store->Executions(kCampaign);
    ASSERT_GE(executions.size(), committed);
    ASSERT_LE(executions.size(), committed + 1)
        << "at most one execution was committed but not reported";
    committed = static_cast<uint32_t>(executions.size());
    for (const ExecutionRecord& execution : executions) {
      EXPECT_EQ(SamplesOf(store.get(), execution.id()), int64_t{kChunksEach} * kSamplesEach);
    }
    EXPECT_EQ(RunSql(path_, "PRAGMA integrity_check"), "ok");
    // Chunks that were only staged are removed, and the campaign is found to be orphaned.
    ASSERT_TRUE(store->SweepUncommitted().ok());
    EXPECT_EQ(RunSql(path_, "SELECT count(*) FROM chunk"), std::to_string(committed * kChunksEach));
  }
}

// The test above seldom interrupts a commit; this one always does.
TEST_F(CrashTest, HalfWrittenTransactionIsRolledBack) {
  ASSERT_TRUE(OpenedStore(path_)->CommitExecution(SampleExecution(kCampaign, 0), {}, {}).ok());
  const auto [pid, channel] = Child([&](int) {
    sqlite3* connection = nullptr;
    sqlite3_open(path_.c_str(), &connection);
    // Larger than the cache, so that half of the data is already in the file.
    sqlite3_exec(connection,
                 "PRAGMA cache_size = 1; BEGIN IMMEDIATE; DELETE FROM gate; "
                 "UPDATE execution SET record = zeroblob(1000000); DELETE FROM campaign WHERE 0",
                 nullptr, nullptr, nullptr);
    raise(SIGKILL);
  });
  close(channel);
  int status = 0;
  ASSERT_EQ(waitpid(pid, &status, 0), pid);
  ASSERT_TRUE(WIFSIGNALED(status));
  const std::vector<ExecutionRecord> executions =
      *OpenedStore(path_, Store::Mode::kRead)->Executions(kCampaign);
  ASSERT_EQ(executions.size(), 1);
  EXPECT_EQ(executions[0].campaign_id(), kCampaign);
  EXPECT_EQ(RunSql(path_, "SELECT count(*) FROM gate"), "1");
}

TEST_F(CrashTest, CampaignOfAKilledControllerIsInterrupted) {
  const auto [pid, channel] = Child([&](int to_parent) {
    const std::unique_ptr<Store> store = OpenedStore(path_);
    const bool created = store->CreateCampaign(SampleCampaign("bbbbbbbbbbbb", 9)).ok();
    if (write(to_parent, created ? "y" : "n", 1) != 1) _exit(1);
    pause();
  });
  char created = 0;
  ASSERT_EQ(read(channel, &created, 1), 1);
  ASSERT_EQ(created, 'y');
  const std::unique_ptr<Store> store = OpenedStore(path_);
  EXPECT_EQ(store->Find("bbbb")->status(), CampaignRecord::RUNNING);
  kill(pid, SIGKILL);
  // A zombie does not run either.
  siginfo_t info;
  ASSERT_EQ(waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOWAIT), 0);
  EXPECT_EQ(store->Find("bbbb")->status(), CampaignRecord::INTERRUPTED);
  waitpid(pid, nullptr, 0);
  EXPECT_EQ(store->Find("bbbb")->status(), CampaignRecord::INTERRUPTED);
  EXPECT_EQ(store->RequestCancel("bbbbbbbbbbbb").code(), absl::StatusCode::kFailedPrecondition);
  close(channel);
}

}  // namespace
}  // namespace assay::controller

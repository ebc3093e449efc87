// Concurrent use of one store: readers during a write, several writers, threads of one process.

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "controller/store/store.h"
#include "controller/store/store_samples.h"
#include "gtest/gtest.h"
#include "proto/convert/sample_chunk.h"

namespace assay::controller {
namespace {

constexpr char kCampaign[] = "0123456789ab";
constexpr uint32_t kBlocks = 30;

void CommitBlocks(Store* store, const std::string& target) {
  for (uint32_t block = 0; block < kBlocks; ++block) {
    const ExecutionRecord execution = SampleExecution(kCampaign, block, target);
    const absl::StatusOr<std::vector<ChunkRef>> refs = store->StageChunks(
        kCampaign, execution.id(), 0, {PackedChunk(block), PackedChunk(block + 1)});
    ASSERT_TRUE(refs.ok()) << refs.status();
    LoadInterval second;
    const absl::Status committed = store->CommitExecution(execution, *refs, {second});
    ASSERT_TRUE(committed.ok()) << committed;
  }
}

// Reads every execution of the store; each must be whole.
size_t ReadAll(Store* store) {
  size_t executions = 0;
  const absl::Status status =
      store->ForEachExecution(kCampaign, [&](const ExecutionRecord& execution) -> absl::Status {
        ++executions;
        std::vector<Sample> samples;
        absl::Status read = store->ReadChunks(
            execution.id(),
            [&](uint32_t, const SampleChunk& chunk) { return DecodeChunk(chunk, &samples); });
        EXPECT_EQ(samples.size(), 2'000);
        EXPECT_EQ(store->ReadSeconds(execution.id())->size(), 1);
        return read;
      });
  EXPECT_TRUE(status.ok()) << status;
  return executions;
}

class ConcurrencyTest : public ::testing::Test {
 protected:
  ConcurrencyTest() : path_(folder_.Path("assay.db")), store_(OpenedStore(path_)) {
    EXPECT_TRUE(store_->CreateCampaign(SampleCampaign(kCampaign)).ok());
  }

  TemporaryFolder folder_;
  const std::string path_;
  const std::unique_ptr<Store> store_;
};

TEST_F(ConcurrencyTest, ReaderSeesOnlyWholeExecutions) {
  std::atomic<bool> done = false;
  std::thread writer([&] {
    CommitBlocks(store_.get(), "epoll");
    done = true;
  });
  const std::unique_ptr<Store> reader = OpenedStore(path_, Store::Mode::kRead);
  size_t before = 0;
  while (!done) {
    const size_t now = ReadAll(reader.get());
    EXPECT_GE(now, before) << "committed executions are never lost";
    before = now;
  }
  writer.join();
  EXPECT_EQ(ReadAll(reader.get()), kBlocks);
}

// Two campaigns in two terminals, and `cancel` in a third.
TEST_F(ConcurrencyTest, WritersTakeTurns) {
  const std::unique_ptr<Store> other = OpenedStore(path_), third = OpenedStore(path_);
  std::thread first([&] { CommitBlocks(store_.get(), "a"); });
  std::thread second([&] { CommitBlocks(other.get(), "b"); });
  for (int i = 0; i < 20; ++i) {
    EXPECT_TRUE(third->Heartbeat(kCampaign).ok());
    EXPECT_TRUE(third->RequestCancel(kCampaign).ok());
    EXPECT_TRUE(third->SweepUncommitted().ok());
  }
  first.join();
  second.join();
  EXPECT_EQ(ReadAll(third.get()), 2 * kBlocks);
}

TEST_F(ConcurrencyTest, ThreadsMayShareOneStore) {
  std::thread first([&] { CommitBlocks(store_.get(), "a"); });
  std::thread second([&] { CommitBlocks(store_.get(), "b"); });
  while (ReadAll(store_.get()) < kBlocks) {
    EXPECT_TRUE(store_->Heartbeat(kCampaign).ok());
    EXPECT_FALSE(*store_->CancelRequested(kCampaign));
  }
  first.join();
  second.join();
  EXPECT_EQ(ReadAll(store_.get()), 2 * kBlocks);
}

// The first two commands after an installation can start together.
TEST_F(ConcurrencyTest, TwoProcessesMayCreateTheSameStoreAtOnce) {
  for (int round = 0; round < 100; ++round) {
    const std::string path = folder_.Path("new" + std::to_string(round));
    std::thread first(
        [&] { EXPECT_EQ(Store::Open(path, Store::Mode::kWrite).status(), absl::OkStatus()); });
    std::thread second(
        [&] { EXPECT_EQ(Store::Open(path, Store::Mode::kWrite).status(), absl::OkStatus()); });
    first.join();
    second.join();
  }
}

}  // namespace
}  // namespace assay::controller

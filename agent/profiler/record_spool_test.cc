#include "agent/profiler/record_spool.h"

#include <linux/perf_event.h>

#include <random>
#include <string>
#include <vector>

#include "agent/profiler/perf_record_bytes.h"
#include "agent/profiler/perf_records.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace assay::profiler {
namespace {

using ::testing::ElementsAre;
using ::testing::ElementsAreArray;

std::string SampleOf(int thread, uint64_t sp, const std::string& stack, uint64_t filled) {
  PerfRecordBytes bytes;
  bytes.Word(99).Word(0x401000).Pid(10).Pid(thread).Word(123).Word(7).Word(0);
  bytes.Word(PERF_SAMPLE_REGS_ABI_64);
  for (int i = 0; i < kUserRegisterCount; ++i) bytes.Word(i == kRegisterSp ? sp : 0);
  bytes.Word(stack.size()).Text(stack).Word(filled);
  return bytes.Record(PERF_RECORD_SAMPLE);
}
std::string SampleOf(int thread, uint64_t sp, const std::string& stack) {
  return SampleOf(thread, sp, stack, stack.size());
}

std::vector<std::string> All(RecordSpool& spool) {
  std::vector<std::string> all;
  spool.TakeAll([&](std::string_view record) { all.emplace_back(record); });
  return all;
}

TEST(RecordSpoolTest, ReturnsRecordsUnchanged) {
  std::mt19937 random(4711);
  const auto text = [&](size_t size) {
    std::string bytes(size, 0);
    for (char& byte : bytes) byte = static_cast<char>(random());
    return bytes;
  };
  // Stacks of several threads in memory that changes in a few places, sometimes at another address, with other records
  // between them.
  constexpr uint64_t kTop = 0x7ffffffff000;
  std::string memory = text(30'000);
  std::vector<std::string> records;
  for (int i = 0; i < 1000; ++i) {
    for (int change = 0; change < 5; ++change) {
      const std::string changed = text(random() % 40);
      memory.replace(random() % (memory.size() - 40), changed.size(), changed);
    }
    const size_t size = random() % (memory.size() / 8) * 8;
    // Does not always reach the top of the stack, because the kernel copies a limited size.
    const std::string stack = memory.substr(memory.size() - size, 20'000);
    const uint64_t top = i % 50 == 0 ? kTop / 2 : kTop;
    const int thread = static_cast<int>(random() % 3);
    records.push_back(SampleOf(thread, top - size, stack));
    if (i % 7 == 0) records.push_back(SampleOf(1, top - size, stack, /*filled=*/size / 2));
    if (i % 11 == 0) records.push_back(PerfRecordBytes().Trailed(PERF_RECORD_SWITCH));
    if (i % 13 == 0) records.push_back(text(20));
  }
  RecordSpool spool;
  for (const std::string& record : records) spool.Add(record);
  EXPECT_THAT(All(spool), ElementsAreArray(records));
  EXPECT_THAT(All(spool), ElementsAre());
  EXPECT_EQ(spool.bytes(), 0u);
  spool.Add(records.front());
  EXPECT_THAT(All(spool), ElementsAre(records.front()));
}

TEST(RecordSpoolTest, StoresLittleForUnchangedMemory) {
  RecordSpool spool;
  const std::string outer(16'000, 'o');
  for (int i = 0; i < 100; ++i) {
    const std::string inner(64 + 8 * (i % 5), static_cast<char>('a' + i % 2));
    spool.Add(SampleOf(11, 0x7fff0000 - inner.size(), inner + outer));
  }
  EXPECT_LT(spool.bytes(), 16'000u + 100 * 500u);
}

}  // namespace
}  // namespace assay::profiler

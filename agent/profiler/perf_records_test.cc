#include "agent/profiler/perf_records.h"

#include <linux/perf_event.h>
#include <string.h>

#include <random>
#include <string>

#include "agent/profiler/perf_record_bytes.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace assay::profiler {
namespace {

using ::testing::ElementsAre;
using ::testing::SizeIs;

std::string Sample(uint64_t abi = PERF_SAMPLE_REGS_ABI_64, uint64_t filled = 16) {
  PerfRecordBytes bytes;
  bytes.Word(99).Word(0x401000).Pid(10).Pid(11).Word(123).Word(7);
  bytes.Word(5)
      .Word(static_cast<uint64_t>(PERF_CONTEXT_KERNEL))
      .Word(0xffffffff81000010)
      .Word(0xffffffff81000020);
  bytes.Word(static_cast<uint64_t>(PERF_CONTEXT_USER)).Word(0x401000);
  bytes.Word(abi);
  if (abi != PERF_SAMPLE_REGS_ABI_NONE) {
    for (uint64_t i = 0; i < kUserRegisterCount; ++i) bytes.Word(100 + i);
  }
  bytes.Word(24).Text("stack up to here--------").Word(filled);
  return bytes.Record(PERF_RECORD_SAMPLE);
}

TEST(ParsePerfRecordTest, ASampleHasKernelAddressesRegistersAndStack) {
  const std::string bytes = Sample();
  const PerfRecord record = ParsePerfRecord(bytes).value();
  EXPECT_EQ(record.time_ns, 123);
  EXPECT_EQ(PerfRecordTime(bytes), 123);
  const auto& sample = std::get<SampleRecord>(record.what);
  EXPECT_EQ(sample.event_id, 99u);
  EXPECT_EQ(sample.pid, 10);
  EXPECT_EQ(sample.tid, 11);
  EXPECT_EQ(sample.period, 7u);
  EXPECT_THAT(sample.kernel_chain, ElementsAre(0xffffffff81000010, 0xffffffff81000020))
      << "user frames come from unwinding";
  EXPECT_TRUE(sample.has_user);
  EXPECT_EQ(sample.registers[kRegisterSp], 107u);
  EXPECT_EQ(sample.registers[kRegisterIp], 108u);
  EXPECT_EQ(sample.stack, "stack up to here") << "the kernel did not fill the remaining bytes";
}

TEST(ParsePerfRecordTest, AKernelThreadHasNoUserState) {
  const std::string bytes = Sample(PERF_SAMPLE_REGS_ABI_NONE);
  EXPECT_FALSE(std::get<SampleRecord>(ParsePerfRecord(bytes)->what).has_user);
  const std::string narrow = Sample(PERF_SAMPLE_REGS_ABI_32);
  EXPECT_FALSE(std::get<SampleRecord>(ParsePerfRecord(narrow)->what).has_user);
  EXPECT_TRUE(std::get<SampleRecord>(ParsePerfRecord(narrow)->what).is_32_bit);
}

TEST(ParsePerfRecordTest, AStackIsNeverLargerThanTheCopy) {
  const std::string bytes = Sample(PERF_SAMPLE_REGS_ABI_64, /*filled=*/1 << 20);
  EXPECT_THAT(std::get<SampleRecord>(ParsePerfRecord(bytes)->what).stack, SizeIs(24));
}

std::string WithoutEmptyStack(std::string_view bytes) {
  std::string all = "before";
  AppendWithoutEmptyStack(bytes, &all);
  EXPECT_EQ(all.substr(0, 6), "before");
  return all.substr(6);
}

TEST(AppendWithoutEmptyStackTest, TheShortenedRecordParsesTheSame) {
  for (const uint64_t filled : {8, 13, 16}) {
    const std::string bytes = Sample(PERF_SAMPLE_REGS_ABI_64, filled);
    const std::string shorter = WithoutEmptyStack(bytes);
    EXPECT_EQ(shorter.size(), bytes.size() - (24 - (filled + 7) / 8 * 8));
    const PerfRecord before = ParsePerfRecord(bytes).value();
    const PerfRecord after = ParsePerfRecord(shorter).value();
    EXPECT_EQ(after.time_ns, before.time_ns);
    const auto& a = std::get<SampleRecord>(before.what);
    const auto& b = std::get<SampleRecord>(after.what);
    EXPECT_EQ(b.stack, a.stack);
    EXPECT_EQ(b.kernel_chain, a.kernel_chain);
    EXPECT_EQ(b.registers, a.registers);
  }
  const std::string narrow = Sample(PERF_SAMPLE_REGS_ABI_NONE, 8);
  EXPECT_EQ(WithoutEmptyStack(narrow).size(), narrow.size() - 16);
}

TEST(AppendWithoutEmptyStackTest, FullStacksAndIncompleteSamplesAreUnchanged) {
  const std::string fork =
      PerfRecordBytes().Pid(20).Pid(10).Pid(21).Pid(11).Word(1).Trailed(PERF_RECORD_FORK);
  EXPECT_EQ(WithoutEmptyStack(fork), fork);
  for (const uint64_t filled : {uint64_t{0}, uint64_t{24}, UINT64_MAX}) {
    const std::string bytes = Sample(PERF_SAMPLE_REGS_ABI_64, filled);
    EXPECT_EQ(WithoutEmptyStack(bytes), bytes);
    for (size_t size = 0; size < bytes.size(); ++size)
      EXPECT_EQ(WithoutEmptyStack(bytes.substr(0, size)), bytes.substr(0, size));
  }
}

TEST(ParsePerfRecordTest, AMapping) {
  PerfRecordBytes bytes;
  bytes.Pid(10).Pid(11).Word(0x7f0000).Word(0x1000).Word(0x2000).Word(0).Word(42).Word(0).Word(5);
  const std::string record =
      bytes.Text(std::string("/lib/x.so\0\0\0\0\0\0\0", 16)).Trailed(PERF_RECORD_MMAP2);
  const auto map = std::get<MapRecord>(ParsePerfRecord(record)->what);
  EXPECT_EQ(map.pid, 10);
  EXPECT_EQ(map.start, 0x7f0000u);
  EXPECT_EQ(map.length, 0x1000u);
  EXPECT_EQ(map.file_offset, 0x2000u);
  EXPECT_EQ(map.inode, 42u);
  EXPECT_EQ(map.path, "/lib/x.so");
  EXPECT_EQ(PerfRecordTime(record), 77);
}

TEST(ParsePerfRecordTest, ForkExecAndExit) {
  const auto fork = std::get<ForkRecord>(
      ParsePerfRecord(
          PerfRecordBytes().Pid(20).Pid(10).Pid(21).Pid(11).Word(1).Trailed(PERF_RECORD_FORK))
          ->what);
  EXPECT_EQ(fork.pid, 20);
  EXPECT_EQ(fork.parent_pid, 10);
  EXPECT_EQ(fork.tid, 21);
  const auto exit = std::get<ExitRecord>(
      ParsePerfRecord(
          PerfRecordBytes().Pid(20).Pid(10).Pid(21).Pid(11).Word(1).Trailed(PERF_RECORD_EXIT))
          ->what);
  EXPECT_EQ(exit.tid, 21);
  const std::string name = PerfRecordBytes()
                               .Pid(10)
                               .Pid(11)
                               .Text(std::string("name\0\0\0\0", 8))
                               .Trailed(PERF_RECORD_COMM);
  EXPECT_TRUE(std::holds_alternative<OtherRecord>(ParsePerfRecord(name)->what));
  const std::string exec = PerfRecordBytes()
                               .Pid(10)
                               .Pid(11)
                               .Text(std::string("name\0\0\0\0", 8))
                               .Trailed(PERF_RECORD_COMM, PERF_RECORD_MISC_COMM_EXEC);
  EXPECT_EQ(std::get<ExecRecord>(ParsePerfRecord(exec)->what).pid, 10);
}

TEST(ParsePerfRecordTest, LossesAndSwitches) {
  EXPECT_EQ(std::get<LostRecord>(
                ParsePerfRecord(PerfRecordBytes().Word(1).Word(17).Trailed(PERF_RECORD_LOST))->what)
                .count,
            17u);
  EXPECT_EQ(std::get<LostRecord>(
                ParsePerfRecord(PerfRecordBytes().Word(4).Trailed(PERF_RECORD_LOST_SAMPLES))->what)
                .count,
            4u);
  EXPECT_TRUE(std::holds_alternative<ThrottleRecord>(
      ParsePerfRecord(PerfRecordBytes().Word(1).Word(1).Word(1).Trailed(PERF_RECORD_THROTTLE))
          ->what));
  const auto out = std::get<SwitchRecord>(
      ParsePerfRecord(PerfRecordBytes().Trailed(PERF_RECORD_SWITCH, PERF_RECORD_MISC_SWITCH_OUT))
          ->what);
  EXPECT_TRUE(out.out);
  EXPECT_FALSE(out.preempted);
  EXPECT_EQ(out.tid, 11);
  constexpr uint16_t kPreempted = PERF_RECORD_MISC_SWITCH_OUT | PERF_RECORD_MISC_SWITCH_OUT_PREEMPT;
  EXPECT_TRUE(std::get<SwitchRecord>(
                  ParsePerfRecord(PerfRecordBytes().Trailed(PERF_RECORD_SWITCH, kPreempted))->what)
                  .preempted);
  EXPECT_FALSE(
      std::get<SwitchRecord>(ParsePerfRecord(PerfRecordBytes().Trailed(PERF_RECORD_SWITCH))->what)
          .out);
}

// A ring that another process has overwritten, or a kernel with another layout, must not crash the agent.
TEST(ParsePerfRecordTest, TruncatedRecordsAreRejectedOrReadWithinTheirBounds) {
  PerfRecordBytes map;
  map.Pid(10).Pid(11).Word(1).Word(2).Word(3).Word(4).Word(5).Word(6).Word(7);
  for (const std::string& whole :
       {Sample(), Sample(PERF_SAMPLE_REGS_ABI_NONE), map.Trailed(PERF_RECORD_MMAP2),
        PerfRecordBytes().Pid(20).Pid(10).Pid(21).Pid(11).Word(1).Trailed(PERF_RECORD_FORK),
        PerfRecordBytes().Trailed(PERF_RECORD_SWITCH)}) {
    ASSERT_TRUE(ParsePerfRecord(whole).ok());
    for (size_t size = 0; size < whole.size(); ++size) {
      // In a separate allocation, so that a sanitizer detects a read beyond the end.
      std::string cut = whole.substr(0, size);
      EXPECT_FALSE(ParsePerfRecord(cut).ok()) << "the header has a larger size";
      PerfRecordTime(cut);
      if (size < sizeof(perf_event_header)) continue;
      const auto honest = static_cast<uint16_t>(size);
      memcpy(cut.data() + offsetof(perf_event_header, size), &honest, sizeof(honest));
      const absl::StatusOr<PerfRecord> record = ParsePerfRecord(cut);
      if (const auto* sample = record.ok() ? std::get_if<SampleRecord>(&record->what) : nullptr) {
        ADD_FAILURE() << "a sample of " << size << " bytes with a stack of "
                      << sample->stack.size();
      }
    }
  }
}

TEST(ParsePerfRecordTest, NoiseIsReadWithinItsBounds) {
  std::mt19937_64 random(11);
  const std::string sample = Sample();
  int samples = 0;
  for (int i = 0; i < 200'000; ++i) {
    std::string bytes = i % 2 == 0 ? sample : std::string(8 + random() % 200, '\0');
    if (i % 2 == 1) {
      for (char& byte : bytes) byte = static_cast<char>(random());
      const perf_event_header header = {.type = static_cast<uint32_t>(random() % 16),
                                        .misc = static_cast<uint16_t>(random()),
                                        .size = static_cast<uint16_t>(bytes.size())};
      memcpy(bytes.data(), &header, sizeof(header));
    } else {
      for (int flips = 0; flips < 3; ++flips)
        bytes[8 + random() % (bytes.size() - 8)] = static_cast<char>(random());
    }
    const absl::StatusOr<PerfRecord> record = ParsePerfRecord(bytes);
    if (!record.ok()) continue;
    if (const auto* parsed = std::get_if<SampleRecord>(&record->what)) {
      ++samples;
      EXPECT_LE(parsed->stack.size(), bytes.size());
      EXPECT_LE(parsed->kernel_chain.size(), bytes.size() / 8);
    }
  }
  EXPECT_GT(samples, 10'000) << "most damage is in the registers and the stack";
}

}  // namespace
}  // namespace assay::profiler

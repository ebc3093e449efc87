#include "agent/profiler/sample_reader.h"

#include <linux/perf_event.h>
#include <time.h>
#include <unistd.h>

#include <cstdint>
#include <map>
#include <string>

#include "agent/profiler/address_space.h"
#include "agent/profiler/elf_files.h"
#include "agent/profiler/kernel_symbols.h"
#include "agent/profiler/perf_event.h"
#include "agent/profiler/perf_record_bytes.h"
#include "agent/profiler/perf_records.h"
#include "agent/profiler/profile_folder.h"
#include "agent/profiler/profile_writer.h"
#include "common/file.h"
#include "gtest/gtest.h"

namespace assay::profiler {
namespace {

constexpr uint64_t kSleeping = 0x1000;
constexpr uint64_t kRunning = 0x2000;

// Switches of thread 11, as the kernel tells of them.
class SampleReaderTest : public ::testing::Test {
 protected:
  // `sampled`: with a stack, that stands for so many switches; 0: without.
  void Leave(int64_t at_ns, bool preempted, uint64_t sampled) {
    if (sampled > 0) {
      PerfRecordBytes bytes;
      bytes.Word(99).Word(0).Pid(10).Pid(11).Word(static_cast<uint64_t>(at_ns)).Word(sampled);
      bytes.Word(2).Word(static_cast<uint64_t>(PERF_CONTEXT_KERNEL));
      bytes.Word(preempted ? kRunning : kSleeping);
      bytes.Word(PERF_SAMPLE_REGS_ABI_NONE).Word(0);
      reader_.Take(bytes.Record(PERF_RECORD_SAMPLE));
    }
    Switch(at_ns + 1,
           PERF_RECORD_MISC_SWITCH_OUT | (preempted ? PERF_RECORD_MISC_SWITCH_OUT_PREEMPT : 0));
  }
  void Return(int64_t at_ns) { Switch(at_ns, 0); }
  void Switch(int64_t at_ns, int misc) {
    reader_.Take(PerfRecordBytes().Trailed(PERF_RECORD_SWITCH, static_cast<uint16_t>(misc),
                                           static_cast<uint64_t>(at_ns)));
  }
  // Nanoseconds off the CPU by the innermost function.
  std::map<std::string, uint64_t> Finish(int64_t end_ns) {
    reader_.EndAt(end_ns);
    reader_.Finish(&info_);
    std::map<std::string, uint64_t> off_cpu;
    for (const ProfileFolder::Sample& sample : folder_.samples()) {
      EXPECT_EQ(sample.kind, ProfileStack::OFF_CPU);
      off_cpu[sample.functions.back()] += sample.weight_ns;
    }
    return off_cpu;
  }

  ProfileInfo info_;
  ProfileFolder folder_;
  ProfileWriter writer_{[this](const ProfileChunk& chunk) { folder_.Add(chunk); }, 0};
  const KernelSymbols kernel_{
      "0000000000001000 T sleeps\n0000000000002000 T runs\n0000000000003000 T after\n"};
  ElfFiles files_;
  SampleReader reader_{{.is_switch = [](uint64_t) { return true; }, .sample_ns = 1, .start_ns = 0},
                       writer_,
                       kernel_,
                       files_};
};

// A thread that sleeps and is preempted in turn: every second switch is sampled, and mostly the same kind is met.
TEST_F(SampleReaderTest, TimeOffTheCpuIsWhatTheSwitchesSayThoughOneKindIsSampledLess) {
  int64_t at_ns = 1000;
  for (int i = 0; i < 100; ++i) {
    Leave(at_ns, /*preempted=*/false, /*sampled=*/i % 10 == 0 ? 2 : 0);
    Return(at_ns + 5000);
    Leave(at_ns + 6000, /*preempted=*/true, /*sampled=*/i % 10 != 0 ? 2 : 0);
    Return(at_ns + 6100);
    at_ns += 10'000;
  }
  const auto off_cpu = Finish(at_ns);
  EXPECT_NEAR(static_cast<double>(off_cpu.at("sleeps")), 100 * 5000.0, 100 * 2.0);
  EXPECT_NEAR(static_cast<double>(off_cpu.at("runs")), 100 * 100.0, 100 * 2.0);
  EXPECT_EQ(info_.switches(), 200u);
}

TEST_F(SampleReaderTest, WhoeverIsStillAwayAtTheEndHasBeenAwayUntilThen) {
  Leave(1000, /*preempted=*/false, /*sampled=*/1);
  EXPECT_EQ(Finish(3000).at("sleeps"), 2000u);
}

TEST_F(SampleReaderTest, WhoeverIsAwayWhenARestBeginsHasBeenAwayUntilThen) {
  Leave(1000, /*preempted=*/false, /*sampled=*/1);
  reader_.RestFrom(1500);
  Return(9000);
  EXPECT_EQ(Finish(10'000).at("sleeps"), 500u);
}

// Records were dropped: what the others say of time is too little, and what samples say is as good as can be had.
TEST_F(SampleReaderTest, WhereRecordsWereLostASampleStandsForAsManySwitchesAsItSays) {
  Leave(1000, /*preempted=*/false, /*sampled=*/10);
  Return(2000);
  reader_.Take(PerfRecordBytes().Word(1).Word(18).Trailed(PERF_RECORD_LOST));
  EXPECT_EQ(Finish(10'000).at("sleeps"), 10'000u);
}

extern "C" [[gnu::noinline]] int AssayTestFunction() { return time(nullptr) > 0 ? 1 : 2; }

// What is mapped in a rest is not recorded, nor is what goes. Where stacks are unwound afterwards, all rests are over
// when the first sample is.
TEST(SampleReaderMapsTest, MappingsAreThoseOfTheSamplesTime) {
  const auto address = reinterpret_cast<uint64_t>(&AssayTestFunction);
  AddressSpace own;
  for (CodeMapping& mapping : ParseMaps(ReadFile("/proc/self/maps").value())) own.Add(mapping);
  const CodeMapping* const code = own.Find(address);
  ASSERT_NE(code, nullptr);
  // Where nothing is.
  constexpr uint64_t kAway = uint64_t{1} << 40;
  ProfileFolder folder;
  ProfileWriter writer([&](const ProfileChunk& chunk) { folder.Add(chunk); }, 0);
  const KernelSymbols kernel("");
  ElfFiles files;
  SampleReader reader({.is_switch = [](uint64_t) { return false; }, .sample_ns = 1}, writer, kernel,
                      files);
  const auto take_sample = [&](uint64_t at_ns, uint64_t ip) {
    PerfRecordBytes bytes;
    bytes.Word(1).Word(ip).Pid(getpid()).Pid(getpid()).Word(at_ns).Word(1).Word(0);
    bytes.Word(PERF_SAMPLE_REGS_ABI_64);
    for (int i = 0; i < kUserRegisterCount; ++i) bytes.Word(i == kRegisterIp ? ip : 0);
    reader.Take(bytes.Word(0).Record(PERF_RECORD_SAMPLE));
  };
  PerfRecordBytes map;
  map.Pid(getpid()).Pid(getpid()).Word(code->start + kAway).Word(code->end - code->start);
  map.Word(code->file_offset).Word(0).Word(code->inode).Word(0).Word(5).Text(code->path);
  map.Text(std::string(8 - code->path.size() % 8, '\0'));
  reader.ReadMapsAgain({getpid()}, /*now_ns=*/1000);
  reader.Take(map.Trailed(PERF_RECORD_MMAP2, 0, /*time_ns=*/77));
  take_sample(500, address + kAway);
  take_sample(1500, address + kAway);
  take_sample(1600, address);
  ProfileInfo info;
  reader.Finish(&info);
  ASSERT_EQ(folder.samples().size(), 3u);
  EXPECT_EQ(folder.samples()[0].functions.back(), "AssayTestFunction");
  EXPECT_EQ(folder.samples()[1].functions.back(), "[unknown]");
  EXPECT_EQ(folder.samples()[2].functions.back(), "AssayTestFunction");
}

}  // namespace
}  // namespace assay::profiler

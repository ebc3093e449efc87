#include "agent/profiler/sample_reader.h"

#include <linux/perf_event.h>

#include <cstdint>
#include <map>
#include <string>

#include "agent/profiler/elf_files.h"
#include "agent/profiler/kernel_symbols.h"
#include "agent/profiler/perf_record_bytes.h"
#include "agent/profiler/profile_folder.h"
#include "agent/profiler/profile_writer.h"
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

}  // namespace
}  // namespace assay::profiler

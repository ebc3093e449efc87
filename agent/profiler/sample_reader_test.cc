#include "agent/profiler/sample_reader.h"

#include <linux/perf_event.h>
#include <time.h>
#include <unistd.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

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

// The kernel's records of a switch of thread 11.
class SampleReaderTest : public ::testing::Test {
 protected:
  // `sampled`: the number of switches that a sample with a stack represents; 0: no sample.
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
  // Off-CPU nanoseconds by innermost function.
  std::map<std::string, uint64_t> Finish(int64_t end_ns) {
    reader_.EndAt(end_ns);
    reader_.Finish(/*cpu_ns=*/0, &info_);
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

// A thread is alternately asleep and preempted. Every second switch is sampled, so that most samples are of one kind.
TEST_F(SampleReaderTest, OffCpuTimeEqualsTheRecordedSwitchesEvenIfOneKindIsSampledLess) {
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

TEST_F(SampleReaderTest, OffCpuTimeLastsUntilTheEndOfTheWindow) {
  Leave(1000, /*preempted=*/false, /*sampled=*/1);
  EXPECT_EQ(Finish(3000).at("sleeps"), 2000u);
}

TEST_F(SampleReaderTest, OffCpuTimeEndsWhenAPauseBegins) {
  Leave(1000, /*preempted=*/false, /*sampled=*/1);
  reader_.PauseFrom(1500);
  Return(9000);
  EXPECT_EQ(Finish(10'000).at("sleeps"), 500u);
}

// If records were lost, the recorded time is too small, and the estimate from the samples is the best one.
TEST_F(SampleReaderTest, AfterLostRecordsASampleRepresentsItsNumberOfSwitches) {
  Leave(1000, /*preempted=*/false, /*sampled=*/10);
  Return(2000);
  reader_.Take(PerfRecordBytes().Word(1).Word(18).Trailed(PERF_RECORD_LOST));
  EXPECT_EQ(Finish(10'000).at("sleeps"), 10'000u);
}

// As for `cycles`, whose period the kernel adapts for each thread and CPU, starting from 1.
class PeriodsTest : public ::testing::Test {
 protected:
  void Take(int64_t at_ns, uint64_t period) {
    PerfRecordBytes bytes;
    bytes.Word(99).Word(0).Pid(10).Pid(11).Word(static_cast<uint64_t>(at_ns)).Word(period);
    bytes.Word(0).Word(PERF_SAMPLE_REGS_ABI_NONE).Word(0);
    reader_.Take(bytes.Record(PERF_RECORD_SAMPLE));
  }
  std::vector<double> Weights(int64_t cpu_ns) {
    ProfileInfo info;
    reader_.Finish(cpu_ns, &info);
    std::vector<double> weights;
    for (const ProfileFolder::Sample& sample : folder_.samples())
      weights.push_back(static_cast<double>(sample.weight_ns));
    return weights;
  }

  static constexpr int64_t kPeriodNs = 5'000'000;
  ProfileFolder folder_;
  ProfileWriter writer_{[this](const ProfileChunk& chunk) { folder_.Add(chunk); }, 0};
  const KernelSymbols kernel_{""};
  ElfFiles files_;
  SampleReader reader_{{.is_switch = [](uint64_t) { return false; },
                        .sample_ns = kPeriodNs,
                        .by_period = true,
                        .start_ns = 0},
                       writer_,
                       kernel_,
                       files_};
};

TEST_F(PeriodsTest, ASampleRepresentsItsShareOfTheTaskClock) {
  for (int64_t i = 0; i < 8; ++i) Take(1000 + i, 1);
  Take(5'000'000, 1'000'000);
  Take(15'000'000, 3'000'000);
  const std::vector<double> weights = Weights(20'000'000);
  ASSERT_EQ(weights.size(), 10u);
  for (size_t i = 0; i < 8; ++i) EXPECT_LE(weights[i], 1) << "hardly ran";
  EXPECT_NEAR(weights[8], 5e6, kPeriodNs / 64.0);
  EXPECT_NEAR(weights[9], 15e6, kPeriodNs / 64.0);
}

TEST_F(PeriodsTest, WeightsWrittenEarlySumUpToTheTaskClock) {
  double all = 0;
  for (int64_t i = 0; i < 1000; ++i) {
    Take(i * kPeriodNs, 15'000'000 + static_cast<uint64_t>(i % 100) * 10'000);
    if (i % 10 == 9) reader_.Weigh((i + 1) * kPeriodNs);
  }
  for (const double weight : Weights(1000 * kPeriodNs)) all += weight;
  EXPECT_NEAR(all, 1000.0 * kPeriodNs, 0.01 * 1000 * kPeriodNs);
}

TEST_F(PeriodsTest, WithoutATaskClockWeightsFollowTheRequestedFrequency) {
  Take(1000, 10);
  Take(2000, 30);
  const std::vector<double> weights = Weights(0);
  EXPECT_NEAR(weights.at(0), 0.5 * kPeriodNs, kPeriodNs / 64.0);
  EXPECT_NEAR(weights.at(1), 1.5 * kPeriodNs, kPeriodNs / 64.0);
}

extern "C" [[gnu::noinline]] int AssayTestFunction() { return time(nullptr) > 0 ? 1 : 2; }

// Mapping changes in a pause are not recorded. If stacks are unwound afterwards, all pauses are over before the first
// sample is unwound.
TEST(SampleReaderMapsTest, UsesTheMappingsAtTheTimeOfTheSample) {
  const auto address = reinterpret_cast<uint64_t>(&AssayTestFunction);
  AddressSpace own;
  for (CodeMapping& mapping : ParseMaps(ReadFile("/proc/self/maps").value())) own.Add(mapping);
  const CodeMapping* const code = own.Find(address);
  ASSERT_NE(code, nullptr);
  // An address without a mapping.
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
  reader.Finish(0, &info);
  ASSERT_EQ(folder.samples().size(), 3u);
  EXPECT_EQ(folder.samples()[0].functions.back(), "AssayTestFunction");
  EXPECT_EQ(folder.samples()[1].functions.back(), "[unknown]");
  EXPECT_EQ(folder.samples()[2].functions.back(), "AssayTestFunction");
}

}  // namespace
}  // namespace assay::profiler

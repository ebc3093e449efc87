#include "agent/profiler/profiler.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <string>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "agent/profiler/profiler_fixture.h"
#include "common/process_tree.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace assay::agent {
namespace {

using profiler::ProfileFolder;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

TEST_F(ProfilerTest, FunctionsHaveTheirShares) {
  const Profiled profiled = Profile("three");
  ExpectTrue(profiled);
  EXPECT_LE(static_cast<double>(profiled.bytes),
            12.0 * static_cast<double>(profiled.info.samples()));
}

TEST_F(ProfilerTest, SamplesAddUpToTheCountedCpuTime) {
  const Profiled profiled = Profile("three");
  double sampled = 0;
  for (const ProfileFolder::Sample& sample : profiled.folder.samples())
    sampled += static_cast<double>(sample.weight_ns);
  const auto counted = static_cast<double>(profiled.info.counters().at("task-clock"));
  EXPECT_NEAR(sampled, counted, 0.05 * counted);
  EXPECT_GT(profiled.info.unwind_cpu_ns(), 0);
  EXPECT_GT(profiled.info.end_ns(), profiled.info.start_ns());
  EXPECT_THAT(profiled.info.event(), AllOf(Not(IsEmpty()), Not(HasSubstr(" "))));
}

TEST_F(ProfilerTest, RecursionHasItsFullDepth) {
  const Profiled profiled = Profile("recursive");
  ExpectTrue(profiled);
  int64_t deep = 0;
  int64_t recursive = 0;
  for (const ProfileFolder::Sample& sample : profiled.folder.samples()) {
    const auto depth =
        std::count(sample.functions.begin(), sample.functions.end(), "assay::profiler::Recurse");
    recursive += depth > 0;
    deep += depth == 25;
  }
  // The other samples are in a call or return of the recursion.
  EXPECT_GE(static_cast<double>(deep), 0.99 * static_cast<double>(recursive));
}

TEST_F(ProfilerTest, AnInlinedFunctionHasItsShareAndIsMarked) {
  const Profiled profiled = Profile("inlined");
  ExpectTrue(profiled);
  // Except a sample in the first or last instructions of the function that contains it.
  EXPECT_GE(profiled.Share("BurnHost"), profiled.Share("InlinedInto"));
  EXPECT_NEAR(profiled.Share("BurnHost"), profiled.Share("InlinedInto"), 0.005);
  bool marked = false;
  for (const ProfileFrame& frame : profiled.folder.frames()) {
    const bool inlined = profiled.folder.String(frame.function()) == "assay::profiler::InlinedInto";
    EXPECT_TRUE(frame.inlined() || !inlined);
    marked |= inlined;
  }
  EXPECT_TRUE(marked);
}

// Unwinding by frame pointers loses the callers of such a library. libc is one.
TEST_F(ProfilerTest, ALibraryWithoutFramePointersKeepsItsCallers) {
  const Profiled profiled = Profile("library");
  ExpectTrue(profiled);
  for (const ProfileFrame& frame : profiled.folder.frames()) {
    const std::string& name = profiled.folder.String(frame.function());
    EXPECT_TRUE(name != "burn_in_library" || frame.kind() == ProfileFrame::LIBRARY);
    EXPECT_TRUE(name != "main" || frame.kind() == ProfileFrame::PROGRAM);
  }
}

TEST_F(ProfilerTest, AThreadThatBeginsLaterIsSampled) { ExpectTrue(Profile("thread")); }

TEST_F(ProfilerTest, AProcessThatBeginsLaterIsSampled) { ExpectTrue(Profile("child")); }

TEST_F(ProfilerTest, RustFunctionsHaveTheirShares) {
  const std::string program = "burn_rust/burn_rust";
  const std::string path = AssayFile("agent/profiler/" + program).value_or("");
  if (access(path.c_str(), X_OK) != 0)
    GTEST_SKIP() << "Rust is not installed (Debian: cargo, librust-libc-dev)";
  const Profiled profiled = Profile(*Burner("all", kBurnMilliseconds, program), {});
  ASSERT_EQ(profiled.truth.size(), 3);
  ExpectTrue(profiled);
  bool inlined = false;
  for (const ProfileFrame& frame : profiled.folder.frames()) {
    inlined |=
        frame.inlined() && profiled.folder.String(frame.function()) == "burn_rust::burn_inlined";
  }
  EXPECT_TRUE(inlined);
}

// Frames as of a Rust server: 8 KiB of stack end within its executor.
TEST_F(ProfilerTest, UnwindsThroughLargeFrames) {
  ExpectTrue(Profile("wide"));
  const auto process = Burner("wide", 500);
  const Profiled cut = Profile(*process, {.stack_bytes = 8 << 10});
  EXPECT_GT(cut.info.truncated(), 0.4 * static_cast<double>(cut.info.samples()));
}

TEST_F(ProfilerTest, AStackLargerThanTheCopyCountsAsTruncated) {
  const Profiled profiled = Profile("deep");
  const auto count = static_cast<double>(profiled.info.samples());
  const double deep =
      static_cast<double>(profiled.truth.at("BurnDeep")) /
      static_cast<double>(profiled.truth.at("BurnDeep") + profiled.truth.at("BurnThird"));
  EXPECT_NEAR(static_cast<double>(profiled.info.truncated()) / count, deep, 0.05);
  EXPECT_NEAR(static_cast<double>(profiled.info.whole()) / count, 1 - deep, 0.05);
}

TEST_F(ProfilerTest, CopiesOnlyTheStackDepthOfAKnownProgram) {
  const ProfilerConfig config = {.program = "of this test"};
  const Profiled first = Profile(*Burner("three", 500), config);
  EXPECT_EQ(first.info.stack_bytes(), 32u << 10);
  EXPECT_GT(first.info.deepest_stack_bytes(), 0u);
  const Profiled second = Profile(*Burner("three"), config);
  EXPECT_LT(second.info.stack_bytes(), 32u << 10);
  EXPECT_GT(second.info.stack_bytes(), second.info.deepest_stack_bytes());
  ExpectTrue(second);
  // A stack deeper than all before is truncated, and copied completely the next time.
  EXPECT_GT(Profile(*Burner("wide", 500), config).info.truncated(), 0u);
  EXPECT_EQ(Profile(*Burner("wide", 500), config).info.stack_bytes(), 32u << 10);
}

TEST_F(ProfilerTest, TakesNoSamplesInPausesAndRecordsTheCpuTimeOfEachSpan) {
  const auto process = Burner("three");
  const Profiled profiled = Profile(*process, {.pauses = true});
  ExpectTrue(profiled);
  const auto& spans = profiled.info.spans();
  ASSERT_GE(spans.size(), 5);
  int64_t counted = 0;
  int64_t sampled = 0;
  for (int i = 0; i < spans.size(); ++i) {
    EXPECT_EQ(spans[i].sampled(), i % 2 == 0);
    EXPECT_GE(spans[i].start_ns(), i == 0 ? 0 : spans[i - 1].end_ns());
    counted += spans[i].cpu_ns();
    if (spans[i].sampled()) sampled += spans[i].cpu_ns();
  }
  const auto all = static_cast<double>(profiled.info.counters().at("task-clock"));
  // The time of switching is in no span. On a busy machine, other programs run in the middle of a switch.
  EXPECT_LE(static_cast<double>(counted), 1.001 * all);
  EXPECT_GT(static_cast<double>(counted), 0.8 * all);
  double weight = 0;
  for (const ProfileFolder::Sample& sample : profiled.folder.samples()) {
    weight += static_cast<double>(sample.weight_ns);
    for (const ProfileSpan& span : spans) {
      // In whole microseconds.
      const bool inside = sample.time_ns > span.start_ns() && sample.time_ns + 1000 < span.end_ns();
      EXPECT_TRUE(!inside || span.sampled()) << sample.time_ns;
    }
  }
  EXPECT_NEAR(weight, static_cast<double>(sampled), 0.05 * static_cast<double>(sampled));
}

TEST_F(ProfilerTest, UnwindingAfterwardsGivesTheSameProfile) {
  const auto process = Burner("three");
  ExpectTrue(Profile(*process, {.unwind_afterwards = true}));
}

TEST_F(ProfilerTest, ATargetThatEndsHasAProfileUntilItsEnd) {
  const auto process = Burner("three", 1500, "burn_shares", "exit");
  const Profiled profiled = Profile(*process, {});
  EXPECT_TRUE(process->WaitForEnd(absl::Now() + absl::Minutes(1)).has_value());
  ExpectTrue(profiled);
}

TEST_F(ProfilerTest, AStrippedProgramIsProfiledAndNoted) {
  const auto process = Burner("three", 500, "burn_stripped");
  const Profiled profiled = Profile(*process, {});
  EXPECT_THAT(profiled.info.notes(),
              Contains(AllOf(StartsWith("stripped: "), HasSubstr("burn_stripped"))));
  EXPECT_GE(static_cast<double>(profiled.info.whole()),
            0.99 * static_cast<double>(profiled.info.samples()));
  // Each function is one frame, from its unwinding table, so that names can be added later.
  EXPECT_EQ(profiled.Share("BurnHalf"), 0);
  EXPECT_GT(profiled.Share("[unknown]"), 0.9);
  EXPECT_LT(profiled.folder.frames().size(), 120u);
}

TEST_F(ProfilerTest, WithoutStopTheWindowEndsWithTheProfiler) {
  int go[2];
  int gone[2];
  ASSERT_EQ(pipe(go), 0);
  ASSERT_EQ(pipe(gone), 0);
  const pid_t sleeper = fork();
  if (sleeper == 0) {
    char byte;
    if (read(go[0], &byte, 1) != 1 || write(gone[1], "g", 1) != 1) _exit(1);
    while (true) pause();
  }
  ProfileFolder folder;
  auto profiler =
      Profiler::Start({.root = sleeper, .off_cpu = true}, [&](const ProfileChunk& chunk) {
        folder.Add(chunk);
      }).value();
  char byte;
  ASSERT_EQ(write(go[1], "g", 1), 1);
  ASSERT_EQ(read(gone[0], &byte, 1), 1);
  while (ReadProcessStat(sleeper)->state != 'S') absl::SleepFor(absl::Milliseconds(1));
  profiler.reset();
  kill(sleeper, SIGKILL);
  waitpid(sleeper, nullptr, 0);
  // The program slept until then; in any case less than an hour.
  for (const ProfileFolder::Sample& sample : folder.samples())
    EXPECT_LT(sample.weight_ns, uint64_t{3'600'000'000'000});
}

TEST_F(ProfilerTest, OffCpuTimeHasTheStackAtTheSwitch) {
  const auto process = Burner("sleep", 1000);
  const Profiled profiled = Profile(*process, {.off_cpu = true});
  if (profiled.info.event().ends_with(":u"))
    GTEST_SKIP() << "switches are the kernel's: " << profiled.info.event();
  double asleep_ns = 0;
  for (const ProfileFolder::Sample& sample : profiled.folder.samples()) {
    if (sample.kind == ProfileStack::OFF_CPU && Profiled::Has(sample, "usleep")) {
      asleep_ns += static_cast<double>(sample.weight_ns);
      EXPECT_THAT(sample.functions, Contains("main"));
    }
  }
  EXPECT_GT(profiled.info.switches(), 150u);
  // One second in 200 sleeps, each at least as long as requested.
  EXPECT_GT(asleep_ns, 0.8e9);
  // Its only thread is not asleep while it uses CPU time, however long the machine lets it wait for a CPU.
  EXPECT_LT(asleep_ns + static_cast<double>(profiled.info.counters().at("task-clock")),
            1.02 * static_cast<double>(profiled.info.end_ns() - profiled.info.start_ns()));
}

}  // namespace
}  // namespace assay::agent

#include "analysis/profile/perf_script.h"

#include <string>

#include "absl/status/status.h"
#include "analysis/profile/folded_text.h"
#include "analysis/profile/test_profile.h"
#include "gtest/gtest.h"

namespace assay {
namespace {

std::string Folded(const StackProfile& profile, StackTime time = StackTime::kOnCpu) {
  FunctionTree tree;
  tree.Add(profile, time);
  return FoldedText(tree);
}

// As perf 6.1 printed it.
const char* const kOfPerf =
    "# captured on    : today\n"
    "server worker  1234/1240  [001]  4182.061528:    5025125 cpu-clock:pppH: \n"
    "\tffffffff810a3f4c finish_task_switch.isra.0+0x8c ([kernel.kallsyms])\n"
    "\tffffffff81a0b4a5 do_syscall_64+0x35 ([kernel.kallsyms])\n"
    "\t          10e6a6 epoll_wait+0x56 (/usr/lib/x86_64-linux-gnu/libc.so.6)\n"
    "\t           4a210 next (inlined)\n"
    "\t           4a210 assay::EventLoop::RunOnce+0x120 (/opt/a server/bin (deleted))\n"
    "\t           2724a [unknown] (/usr/lib/libz.so.1)\n"
    "\n"
    "server worker  1234/1240  [001]  4182.066553:    5025125 cpu-clock:pppH: \n"
    "\t    7ffd2b5e7c8a __vdso_clock_gettime+0xa ([vdso])\n"
    "\t    7f1234567890 operator new(unsigned long)+0x1c (/usr/lib/libstdc++.so.6)\n"
    "\t    55e0c0de0000 LazyCompile:~f app.js:1 (/tmp/perf-1234.map)\n"
    "\n"
    "server  1234 4183.000000:          1 sched:sched_switch: prev_comm=x ==> next_comm=y\n"
    "\tffffffff81a11111 __schedule+0x2 ([kernel.kallsyms])\n";

TEST(PerfScriptTest, ReadsWhatPerfPrints) {
  const absl::StatusOr<PerfScript> script = ParsePerfScript(kOfPerf, 0);
  ASSERT_TRUE(script.ok()) << script.status();
  EXPECT_EQ(script->event, "cpu-clock");
  EXPECT_EQ(script->skipped, 1);
  EXPECT_EQ(Folded(script->profile),
            "LazyCompile:~f app.js:1;operator new(unsigned long);__vdso_clock_gettime 1\n"
            "[unknown];assay::EventLoop::RunOnce;next;epoll_wait;do_syscall_64;"
            "finish_task_switch.isra.0 1\n");
  ASSERT_EQ(script->profile.samples().size(), 2);
  EXPECT_EQ(script->profile.samples()[0].thread, 1240);
  EXPECT_EQ(script->profile.samples()[1].at_ns, 5'025'000);
  EXPECT_EQ(script->profile.samples()[1].weight_ns, 5'025'125);
}

TEST(PerfScriptTest, KindsComeFromWhereTheCodeLies) {
  const PerfScript script = ParsePerfScript(kOfPerf, 0).value();
  FunctionTree tree;
  tree.Add(script.profile, StackTime::kOnCpu);
  const auto kind = [&tree](const std::string& name) {
    for (const TreeFunction& function : tree.functions()) {
      if (function.name == name) return function;
    }
    return TreeFunction();
  };
  EXPECT_EQ(kind("do_syscall_64").kind, FrameKind::kKernel);
  EXPECT_EQ(kind("epoll_wait").kind, FrameKind::kLibc);
  EXPECT_EQ(kind("next").kind, FrameKind::kProgram);
  EXPECT_TRUE(kind("next").inlined);
  EXPECT_EQ(kind("assay::EventLoop::RunOnce").library, "bin (deleted)");
  EXPECT_EQ(kind("[unknown]").kind, FrameKind::kLibrary);
  EXPECT_EQ(kind("__vdso_clock_gettime").kind, FrameKind::kVdso);
  EXPECT_EQ(kind("operator new(unsigned long)").kind, FrameKind::kLibrary);
  EXPECT_EQ(kind("LazyCompile:~f app.js:1").kind, FrameKind::kJit);
}

// A cycle lasts as long as the clock makes it: only a frequency says what a sample stands for.
TEST(PerfScriptTest, SamplesOfOtherEventsNeedAFrequency) {
  const std::string text = "x 1 1.0: 999 cycles:u: \n\t1 f (/bin/x)\n";
  EXPECT_EQ(ParsePerfScript(text, 0).status().code(), absl::StatusCode::kInvalidArgument);
  const PerfScript script = ParsePerfScript(text, 100).value();
  EXPECT_EQ(script.event, "cycles:u");
  EXPECT_EQ(script.profile.samples()[0].weight_ns, 10'000'000);
}

TEST(PerfScriptTest, ASampleWithoutAStackIsUnknown) {
  EXPECT_EQ(Folded(ParsePerfScript("x 1 1.5: 10 cpu-clock: \n\n", 0)->profile), "[unknown] 1\n");
  EXPECT_TRUE(ParsePerfScript("", 0)->profile.nodes().empty());
}

TEST(PerfScriptTest, WhatIsNoSuchTextIsRefusedWithItsLine) {
  EXPECT_EQ(ParsePerfScript("hello\n", 0).status().message(),
            "line 1 does not begin a sample of `perf script`: a command, thread, time, period and "
            "event");
  EXPECT_EQ(ParsePerfScript("x 1 1.0: 10 cpu-clock: \n\tno frame\n", 0).status().message(),
            "line 2 is no frame of a stack: an address, a function and (its file)");
  EXPECT_FALSE(ParsePerfScript("x 1 1.0: 18446744073709551615 cpu-clock: \n", 0).ok());
  EXPECT_FALSE(ParsePerfScript("x 1 1.0: 10 cpu-clock: \n\t11112222333344445 f (/x)\n", 0).ok());
  std::string deep = "x 1 1.0: 10 cpu-clock: \n";
  for (uint32_t i = 0; i <= StackProfile::kMaxDepth; ++i) deep += "\t1 f (/x)\n";
  EXPECT_FALSE(ParsePerfScript(deep, 0).ok());
}

TEST(PerfScriptTest, WhatIsWrittenIsRead) {
  RandomStream random(1);
  const StackProfile profile = RandomProfile(&random, 200, 30);
  const absl::StatusOr<PerfScript> again = ParsePerfScript(PerfScriptText(profile, "cpu-clock"), 0);
  ASSERT_TRUE(again.ok()) << again.status();
  for (const StackTime time : {StackTime::kOnCpu, StackTime::kOffCpu}) {
    EXPECT_EQ(Folded(again->profile, time), Folded(profile, time));
    EXPECT_EQ(again->profile.total(time), profile.total(time));
  }
  ASSERT_EQ(again->profile.samples().size(), profile.samples().size());
  for (size_t i = 0; i < profile.samples().size(); ++i) {
    // Times begin with the first sample.
    EXPECT_EQ(again->profile.samples()[i].at_ns,
              profile.samples()[i].at_ns - profile.samples()[0].at_ns);
    EXPECT_EQ(again->profile.samples()[i].thread, profile.samples()[i].thread);
  }
}

}  // namespace
}  // namespace assay

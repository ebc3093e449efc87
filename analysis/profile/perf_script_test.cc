#include "analysis/profile/perf_script.h"

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
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

// Output of perf 6.1.
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

TEST(PerfScriptTest, ReadsPerfOutput) {
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

TEST(PerfScriptTest, KindsComeFromThePath) {
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

// The length of a cycle depends on the clock, so only a frequency gives the time per sample.
TEST(PerfScriptTest, SamplesOfOtherEventsNeedAFrequency) {
  const std::string text = "x 1 1.0: 999 cycles:u: \n\t1 f (/bin/x)\n";
  EXPECT_EQ(ParsePerfScript(text, 0).status().code(), absl::StatusCode::kInvalidArgument);
  const PerfScript script = ParsePerfScript(text, 100).value();
  EXPECT_EQ(script.event, "cycles:u");
  EXPECT_EQ(script.profile.samples()[0].weight_ns, 10'000'000);
}

TEST(PerfScriptTest, SampleWithoutAStackIsUnknown) {
  EXPECT_EQ(Folded(ParsePerfScript("x 1 1.5: 10 cpu-clock: \n\n", 0)->profile), "[unknown] 1\n");
  EXPECT_TRUE(ParsePerfScript("", 0)->profile.nodes().empty());
}

TEST(PerfScriptTest, RejectsInvalidTextWithItsLine) {
  EXPECT_EQ(
      ParsePerfScript("hello\n", 0).status().message(),
      "line 1 is not the first line of a sample of `perf script`: it needs a command, thread, "
      "time, period and event");
  EXPECT_EQ(ParsePerfScript("x 1 1.0: 10 cpu-clock: \n\tno frame\n", 0).status().message(),
            "line 2 is not a frame of a stack: it needs an address, a function and (its file)");
  EXPECT_FALSE(ParsePerfScript("x 1 1.0: 18446744073709551615 cpu-clock: \n", 0).ok());
  EXPECT_FALSE(ParsePerfScript("x 1 1.0: 10 cpu-clock: \n\t11112222333344445 f (/x)\n", 0).ok());
  std::string deep = "x 1 1.0: 10 cpu-clock: \n";
  for (uint32_t i = 0; i <= StackProfile::kMaxDepth; ++i) deep += "\t1 f (/x)\n";
  EXPECT_FALSE(ParsePerfScript(deep, 0).ok());
}

std::string Stacks(const std::string& text, uint32_t frequency_hz = 0) {
  const absl::StatusOr<PerfScript> script = ParsePerfScript(text, frequency_hz);
  return script.ok() ? Folded(script->profile) : std::string(script.status().message());
}

// The only sample's frame: its name, file and kind.
TreeFunction FrameOf(const std::string& frame) {
  const absl::StatusOr<PerfScript> script =
      ParsePerfScript("x 1 1.5: 10 cpu-clock: \n\t 12ab " + frame + "\n\n", 0);
  EXPECT_TRUE(script.ok()) << frame << script.status();
  if (!script.ok()) return {};
  FunctionTree tree;
  tree.Add(script->profile, StackTime::kOnCpu);
  return tree.FunctionOf(1);
}

// Output of perf 6.1 for a program named dd. The parser must not read the headers of three samples as frames of one.
TEST(PerfScriptTest, RecordingsWithoutStacksHaveOneFramePerSample) {
  const char* const flat =
      "              dd  6825  5932.390907:   10101010 cpu-clock:  ffffffff8225fd19 "
      "pvm_irq_enable+0x19 ([kernel.kallsyms])\n"
      "              dd  6825  5932.425095:   10101010 cpu-clock:      56006ceec14a burn+0x21 "
      "(/tmp/pf/a (b) c/dd)\n"
      "      a 12 c0:  6825/6826 [001] 5932.459725:   10101010 cpu-clock:      56006ceec14a "
      "burn+0x21 (/tmp/pf/a (b) c/dd)\n"
      "  b.c:2\n";
  const PerfScript script = ParsePerfScript(flat, 0).value();
  EXPECT_EQ(Folded(script.profile), "burn 2\npvm_irq_enable 1\n");
  EXPECT_EQ(script.flat, 3u);
  EXPECT_EQ(script.profile.samples()[2].thread, 6826u);
  EXPECT_EQ(ParsePerfScript(kOfPerf, 0)->flat, 0u);
}

TEST(PerfScriptTest, CommandsMayContainAnyCharacters) {
  for (const std::string command : {"dd", "ab", "12.5:", "#x", " x", "a 7 2.5:", "9 1.0: 5 x:",
                                    "[001]", "1/2 3", ":-1", "PERF_RECORD_X", "it's ok: 3"}) {
    const std::string header = command + "  1234/1240  [001]  4182.061528:    77 cpu-clock:pppH: ";
    const std::string sample = header + "\n\t 1 f+0x1 (/x)\n";
    const absl::StatusOr<PerfScript> script =
        ParsePerfScript(absl::StrCat(sample, "\n", sample), 0);
    ASSERT_TRUE(script.ok()) << command << script.status();
    ASSERT_EQ(script->profile.samples().size(), 2u) << command;
    EXPECT_EQ(script->profile.samples()[0].thread, 1240u) << command;
    EXPECT_EQ(script->profile.samples()[0].weight_ns, 77u) << command;
  }
}

TEST(PerfScriptTest, FunctionsAndFilesMayContainBlanksAndBrackets) {
  struct Case {
    std::string frame, function, library;
  };
  for (const Case& one : std::vector<Case>{
           {"burn+0x21 (/tmp/pf/a (b) c/d (e))", "burn", "d (e)"},
           {"burn (/tmp/pf/a (b) c/dd)", "burn", "dd"},
           {"call(int (*)(int))+0x3 (/bin/x)", "call(int (*)(int))", "x"},
           {"call(int (*)(int)) (/bin/x (deleted))", "call(int (*)(int))", "x (deleted)"},
           {"call(int (*)(int))+0x3", "call(int (*)(int))", ""},
           {"std::function<void (int)>::operator()(int) const (server)",
            "std::function<void (int)>::operator()(int) const", "server"},
           {"main::{lambda(int (&) [3])#1}::operator()+0xf (/opt/a b/x)",
            "main::{lambda(int (&) [3])#1}::operator()", "x"},
           {"<T as U>::f+0x10 (/bin/x)", "<T as U>::f", "x"},
           {"(anonymous namespace)::f+0x1 (/bin/x)", "(anonymous namespace)::f", "x"},
           {"[unknown] (/bin/x (1))", "[unknown]", "x (1)"},
           {"f+0x1 ([nf_conntrack])", "f", "[nf_conntrack]"}}) {
    const TreeFunction function = FrameOf(one.frame);
    EXPECT_EQ(function.name, one.function) << one.frame;
    EXPECT_EQ(function.library, one.library) << one.frame;
  }
}

TEST(PerfScriptTest, OnlyTheKernelIsKernel) {
  for (const std::string file :
       {"[kernel.kallsyms]", "[kernel.vmlinux]", "[guest.kernel.kallsyms]", "[nf_conntrack]",
        "/lib/modules/6.1.0/kernel/net/nf.ko.xz", "/usr/lib/debug/boot/vmlinux-6.1.0"}) {
    EXPECT_EQ(FrameOf("f+0x1 (" + file + ")").kind, FrameKind::kKernel) << file;
  }
  for (const std::string file : {"[heap]", "[stack]", "[anon]", "[anon:js]", "//anon",
                                 "/tmp/perf-1.map", "/memfd:jit (deleted)", "/dev/zero (deleted)",
                                 "/SYSV00000000 (deleted)", "/tmp/jitted-7-1.so"}) {
    EXPECT_EQ(FrameOf("f+0x1 (" + file + ")").kind, FrameKind::kJit) << file;
  }
  EXPECT_EQ(FrameOf("f+0x1 ([vdso])").kind, FrameKind::kVdso);
  EXPECT_EQ(FrameOf("f+0x1 ([unknown])").kind, FrameKind::kUnknown);
  EXPECT_EQ(FrameOf("f+0x1 (/run/a.sock/a.solver)").kind, FrameKind::kProgram);
  EXPECT_EQ(FrameOf("f+0x1 (/lib/libz.so.1 (deleted))").kind, FrameKind::kLibrary);
}

// Output of perf script -F +srcline.
TEST(PerfScriptTest, ReadsSourceLinesBelowTheirFrames) {
  const PerfScript script = ParsePerfScript(
                                "dd  6885  5935.964560:   10101010 cpu-clock: \n"
                                "\t            114e burn+0x25 (/tmp/pf/a (b) c/dd)\n"
                                "  b.c:2\n"
                                "\t            1160 next\n"
                                "  face cafe.h:30 (inlined)\n"
                                "\t            1167 main+0xe (/tmp/pf/a (b) c/dd)\n"
                                "  b.c:3 (discriminator 2)\n\n",
                                0)
                                .value();
  EXPECT_EQ(Folded(script.profile), "main;next;burn 1\n");
  const std::vector<StackFrame>& frames = script.profile.frames();
  EXPECT_EQ(frames[0].line, 3u);
  EXPECT_TRUE(frames[1].inlined);
  EXPECT_EQ(script.profile.strings()[frames[1].file], "face cafe.h");
  EXPECT_EQ(frames[2].line, 2u);
}

TEST(PerfScriptTest, IgnoresRecordsThatAreNotSamples) {
  const PerfScript script =
      ParsePerfScript(
          "swapper     0     0.000000: PERF_RECORD_MMAP -1/0: [0xffff(0x1) @ 0]: x y\n"
          "dd  6885  5935.875389: PERF_RECORD_COMM exec: dd:6885/6885\n"
          "dd  6885  5935.9: PERF_RECORD_LOST lost 12\n"
          "dd 1 1.5: 10 cpu-clock: \n\t 1 f (/x)\n",
          0)
          .value();
  EXPECT_EQ(script.profile.samples().size(), 1u);
  EXPECT_EQ(script.lost, 12u);
}

// The first samples of an event have a period of 1.
TEST(PerfScriptTest, PeriodsAreWeights) {
  std::string text;
  for (int i = 0; i < 90; ++i) text += "x 1 1.5: 1 cycles: \n\t 1 starting (/x)\n\n";
  for (int i = 0; i < 10; ++i) text += "x 1 1.5: 10000000 cycles: \n\t 1 working (/x)\n\n";
  const PerfScript script = ParsePerfScript(text, 100).value();
  EXPECT_EQ(script.profile.total(StackTime::kOnCpu).ns, 1'000'000'000u);
  uint64_t working = 0;
  for (size_t i = 90; i < 100; ++i) working += script.profile.samples()[i].weight_ns;
  EXPECT_GT(working, 999'990'000u);
  // Without periods, all samples have the same weight.
  EXPECT_EQ(ParsePerfScript("x 1 1.5: cycles: \n\n", 100)->profile.samples()[0].weight_ns,
            10'000'000u);
}

TEST(PerfScriptTest, ChoosesOneOfSeveralEvents) {
  const std::string text =
      "x 1 1.5: 100 cpu_atom/cycles/: \n\t 1 small (/x)\n\n"
      "x 1 1.5: 900 cpu_core/cycles/: \n\t 1 large (/x)\n\n"
      "x 1 1.5: 1 page-faults: \n\t 1 fault (/x)\n\n"
      "x 1 1.5: 1 page-faults: \n\t 1 fault (/x)\n\n";
  EXPECT_EQ(Stacks(text, 100), "large 1\n");
  const PerfScript larger = ParsePerfScript(text, 100).value();
  EXPECT_EQ(larger.event, "cpu_core/cycles/");
  EXPECT_EQ(larger.skipped, 3u);
  EXPECT_EQ(larger.others, "cpu_atom/cycles/ (1 sample), page-faults (2 samples)");
  EXPECT_EQ(Folded(ParsePerfScript(text, 100, "cpu_atom/cycles/")->profile), "small 1\n");
  EXPECT_EQ(ParsePerfScript(text, 100, "cycles").status().message(),
            "has no sample of the event cycles; it has cpu_atom/cycles/ (1 sample), "
            "cpu_core/cycles/ (1 sample), page-faults (2 samples)");
}

TEST(PerfScriptTest, MarksEventsWithoutTheKernel) {
  const auto event = [](const std::string& name) {
    return ParsePerfScript("x 1 1.5: 1 " + name + ": \n\t 1 f (/x)\n", 100)->event;
  };
  EXPECT_EQ(event("cycles/u"), "cycles:u");
  EXPECT_EQ(event("cycles:u"), "cycles:u");
  EXPECT_EQ(event("cycles:uppp"), "cycles:u");
  EXPECT_EQ(event("cpu_core/cycles/u"), "cpu_core/cycles/:u");
  EXPECT_EQ(event("cpu_core/cycles/P"), "cpu_core/cycles/");
  EXPECT_EQ(event("cycles:uk"), "cycles");
  EXPECT_EQ(event("sched:sched_switch"), "sched:sched_switch");
}

TEST(PerfScriptTest, RejectsABinaryRecording) {
  EXPECT_EQ(ParsePerfScript("PERFILE2\x01\x02", 0).status().message(),
            "is a recording (perf.data): pass the output of `perf script` instead");
}

TEST(PerfScriptTest, ReadsWhatItWrites) {
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

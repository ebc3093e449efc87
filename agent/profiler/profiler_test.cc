#include "agent/profiler/profiler.h"

#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "agent/launcher/launched_process.h"
#include "agent/profiler/profile_folder.h"
#include "agent/profiler/syscall_counters.h"
#include "common/runfiles.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace assay {
namespace {

using profiler::ProfileFolder;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

// Not a divisor of anything that the program does.
constexpr int kFrequencyHz = 997;
constexpr int kBurnMilliseconds = 2500;

// What one profile came to.
struct Profiled {
  ProfileInfo info;
  ProfileFolder folder;
  size_t bytes = 0;
  // What the program says of itself: nanoseconds in each function.
  std::map<std::string, int64_t> truth;

  double Share(const std::string& function) const {
    int64_t with = 0;
    int64_t all = 0;
    for (const ProfileFolder::Sample& sample : folder.samples()) {
      if (sample.kind != ProfileStack::ON_CPU) continue;
      ++all;
      with += Has(sample, function) ? 1 : 0;
    }
    return static_cast<double>(with) / static_cast<double>(std::max<int64_t>(all, 1));
  }
  static bool Has(const ProfileFolder::Sample& sample, const std::string& function) {
    return std::any_of(sample.functions.begin(), sample.functions.end(),
                       [&](const std::string& name) {
                         return name == function || name == "assay::profiler::" + function;
                       });
  }
};

class ProfilerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ProfilerConfig config = {.root = getpid()};
    const ProfileInfo info = Profiler::Start(config, [](const ProfileChunk&) {}).value()->Stop();
    if (!info.refused().empty()) GTEST_SKIP() << info.refused() << "; " << info.remedy();
  }

  static std::unique_ptr<LaunchedProcess> Burner(const std::string& mode,
                                                 int milliseconds = kBurnMilliseconds,
                                                 const std::string& program = "burn_shares",
                                                 const char* end = nullptr) {
    LaunchOptions options;
    options.argv = {AssayFile("agent/profiler/" + program).value(), mode,
                    std::to_string(milliseconds)};
    if (end != nullptr) options.argv.emplace_back(end);
    auto process = LaunchedProcess::Start(std::move(options)).value();
    EXPECT_TRUE(process->WaitForOutput("ready", absl::Now() + absl::Minutes(1)));
    return process;
  }

  static Profiled Profile(LaunchedProcess& process, ProfilerConfig config) {
    Profiled profiled;
    config.root = process.pid();
    config.frequency_hz = kFrequencyHz;
    uint32_t sequence = 0;
    auto profiler = Profiler::Start(config, [&](ProfileChunk chunk) {
      EXPECT_EQ(chunk.sequence(), sequence++);
      EXPECT_LE(chunk.ByteSizeLong(), size_t{64} << 10);
      profiled.bytes += chunk.ByteSizeLong();
      profiled.folder.Add(chunk);
    });
    kill(process.pid(), SIGUSR1);
    EXPECT_TRUE(process.WaitForOutput(" .\n", absl::Now() + absl::Minutes(2)));
    profiled.info = (*profiler)->Stop();
    EXPECT_THAT(profiled.info.refused(), IsEmpty());
    EXPECT_EQ(profiled.info.lost(), 0u);
    const std::vector<std::string> words =
        absl::StrSplit(process.StandardOutput(), absl::ByAnyChar(" \n"));
    for (size_t i = 0; i + 1 < words.size(); ++i) {
      int64_t nanos = 0;
      if (absl::SimpleAtoi(words[i + 1], &nanos)) profiled.truth[words[i]] = nanos;
    }
    return profiled;
  }
  static Profiled Profile(const std::string& mode) { return Profile(*Burner(mode), {}); }

  // Every function has its share to three standard errors, and 99 of 100 stacks are whole.
  static void ExpectTrue(const Profiled& profiled) {
    double all = 0;
    for (const auto& [function, nanos] : profiled.truth) all += static_cast<double>(nanos);
    const auto count = static_cast<double>(profiled.info.samples());
    ASSERT_GT(count, 1000);
    ASSERT_THAT(profiled.truth, Not(IsEmpty()));
    for (const auto& [function, nanos] : profiled.truth) {
      const double truth = static_cast<double>(nanos) / all;
      const double error = std::sqrt(truth * (1 - truth) / count);
      EXPECT_NEAR(profiled.Share(function), truth, 3 * error) << function;
    }
    ExpectWhole(profiled);
  }

  static void ExpectWhole(const Profiled& profiled) {
    const auto count = static_cast<double>(profiled.info.samples());
    EXPECT_GE(static_cast<double>(profiled.info.whole()), 0.99 * count);
    // Not what the profiler says of itself, but where the stacks begin.
    int64_t begun = 0;
    for (const ProfileFolder::Sample& sample : profiled.folder.samples()) {
      const std::string& first = sample.functions.front();
      begun += first == "_start" || first == "clone" || first == "__clone3" || first == "clone3" ||
               first == "__clone";
    }
    EXPECT_GE(static_cast<double>(begun), 0.99 * count);
  }
};

TEST_F(ProfilerTest, ThreeFunctionsHaveTheirShares) {
  const Profiled profiled = Profile("three");
  ExpectTrue(profiled);
  EXPECT_LE(static_cast<double>(profiled.bytes),
            12.0 * static_cast<double>(profiled.info.samples()));
}

TEST_F(ProfilerTest, SamplesAddUpToTheCpuTimeThatWasCounted) {
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

TEST_F(ProfilerTest, ARecursionIsSeenToItsDepth) {
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
  // The others are on their way in or out.
  EXPECT_GE(static_cast<double>(deep), 0.99 * static_cast<double>(recursive));
}

TEST_F(ProfilerTest, AnInlinedFunctionHasItsShareAndSaysSo) {
  const Profiled profiled = Profile("inlined");
  ExpectTrue(profiled);
  EXPECT_EQ(profiled.Share("BurnHost"), profiled.Share("InlinedInto"));
  bool said = false;
  for (const ProfileFrame& frame : profiled.folder.frames()) {
    const bool inlined = profiled.folder.String(frame.function()) == "assay::profiler::InlinedInto";
    EXPECT_TRUE(frame.inlined() || !inlined);
    said |= inlined;
  }
  EXPECT_TRUE(said);
}

// Frame pointers lose the callers of such a library: libc is one.
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

TEST_F(ProfilerTest, AStackBeyondWhatIsCopiedCountsAsTruncated) {
  const Profiled profiled = Profile("deep");
  const auto count = static_cast<double>(profiled.info.samples());
  const double deep =
      static_cast<double>(profiled.truth.at("BurnDeep")) /
      static_cast<double>(profiled.truth.at("BurnDeep") + profiled.truth.at("BurnThird"));
  EXPECT_NEAR(static_cast<double>(profiled.info.truncated()) / count, deep, 0.05);
  EXPECT_NEAR(static_cast<double>(profiled.info.whole()) / count, 1 - deep, 0.05);
}

TEST_F(ProfilerTest, UnwoundAfterwardsItIsTheSame) {
  const auto process = Burner("three");
  ExpectTrue(Profile(*process, {.unwind_afterwards = true}));
}

TEST_F(ProfilerTest, ATargetThatEndsHasAProfileOfWhatItDid) {
  const auto process = Burner("three", 1500, "burn_shares", "exit");
  const Profiled profiled = Profile(*process, {});
  EXPECT_TRUE(process->WaitForEnd(absl::Now() + absl::Minutes(1)).has_value());
  ExpectTrue(profiled);
}

TEST_F(ProfilerTest, ATargetThatIsGoneIsRefused) {
  const pid_t gone = fork();
  if (gone == 0) _exit(0);
  ASSERT_EQ(waitpid(gone, nullptr, 0), gone);
  const ProfileInfo info =
      Profiler::Start({.root = gone}, [](const ProfileChunk&) { FAIL(); }).value()->Stop();
  EXPECT_THAT(info.refused(), HasSubstr("is gone"));
  EXPECT_THAT(info.remedy(), Not(IsEmpty()));
}

TEST_F(ProfilerTest, AStrippedProgramIsProfiledAndNoted) {
  const auto process = Burner("three", 500, "burn_stripped");
  const Profiled profiled = Profile(*process, {});
  EXPECT_THAT(profiled.info.notes(),
              Contains(AllOf(StartsWith("stripped: "), HasSubstr("burn_stripped"))));
  EXPECT_GE(static_cast<double>(profiled.info.whole()),
            0.99 * static_cast<double>(profiled.info.samples()));
  // Each function is one frame, by its unwinding table, so that names can be put in later.
  EXPECT_EQ(profiled.Share("BurnHalf"), 0);
  EXPECT_GT(profiled.Share("[unknown]"), 0.9);
  EXPECT_LT(profiled.folder.frames().size(), 120u);
}

TEST_F(ProfilerTest, TimeOffTheCpuHasTheStackThatGaveItUp) {
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
  // A second in 200 sleeps, each a little longer than asked for.
  EXPECT_GT(asleep_ns, 0.8e9);
  EXPECT_LT(asleep_ns,
            0.9 * static_cast<double>(profiled.info.end_ns() - profiled.info.start_ns()));
}

TEST_F(ProfilerTest, SystemCallsThatAreNotCountedSayWhyAndWhatToDo) {
  const auto process = Burner("sleep", 100);
  const Profiled profiled = Profile(*process, {.count_syscalls = true});
  if (profiled.info.syscalls_refused().empty()) GTEST_SKIP() << "here they are counted";
  EXPECT_THAT(profiled.info.syscalls(), IsEmpty());
  EXPECT_THAT(profiled.info.syscalls_refused(), HasSubstr("; ")) << "a remedy";
}

TEST_F(ProfilerTest, WithoutTracefsSystemCallsAreRefusedWithARemedy) {
  const auto counters = profiler::SyscallCounters::Open({getpid()}, "/nonexistent");
  EXPECT_THAT(std::string(counters.status().message()), HasSubstr("CONFIG_FTRACE_SYSCALLS"));
}

// Runs `child` in a process of its own; what it returns comes back.
std::string InChild(const std::function<std::string()>& child) {
  int ends[2];
  EXPECT_EQ(pipe(ends), 0);
  const pid_t pid = fork();
  if (pid == 0) {
    const std::string text = child();
    _exit(write(ends[1], text.data(), text.size()) == static_cast<ssize_t>(text.size()) ? 0 : 1);
  }
  close(ends[1]);
  std::string text;
  char buffer[4096];
  for (ssize_t got; (got = read(ends[0], buffer, sizeof(buffer))) > 0;) {
    text.append(buffer, static_cast<size_t>(got));
  }
  close(ends[0]);
  waitpid(pid, nullptr, 0);
  return text;
}

std::string AsNobody(const std::function<std::string()>& child) {
  return InChild([&child]() -> std::string {
    constexpr uid_t kNobody = 65534;
    if (setgid(kNobody) != 0 || setuid(kNobody) != 0) return "";
    // Else not even its own processes may be looked at, after the change of user.
    prctl(PR_SET_DUMPABLE, 1);
    return child();
  });
}

// Mounts tracefs for this process alone; whether it is there.
bool HaveTracefs() {
  constexpr char kFolder[] = "/sys/kernel/tracing";
  if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0)
    return false;
  if (access((std::string(kFolder) + "/events").c_str(), R_OK) == 0) return true;
  return mount("tracefs", kFolder, "tracefs", 0, nullptr) == 0;
}

TEST_F(ProfilerTest, SystemCallsAreCountedByName) {
  if (getuid() != 0) GTEST_SKIP() << "only root can mount tracefs";
  ProfileInfo info;
  const std::string text = InChild([]() -> std::string {
    if (!HaveTracefs()) return "";
    int go[2];
    if (pipe(go) != 0) return "";
    const pid_t caller = fork();
    if (caller == 0) {
      char byte;
      if (read(go[0], &byte, 1) != 1) _exit(1);
      for (int i = 0; i < 1000; ++i) syscall(SYS_getpid);
      for (int i = 0; i < 500; ++i) syscall(SYS_gettid);
      for (int i = 0; i < 7; ++i) syscall(SYS_getpgid, 0);
      while (true) pause();
    }
    auto profiler =
        Profiler::Start({.root = caller, .count_syscalls = true}, [](const ProfileChunk&) {
        }).value();
    if (write(go[1], "g", 1) != 1) return "";
    absl::SleepFor(absl::Milliseconds(500));
    const std::string serialised = profiler->Stop().SerializeAsString();
    kill(caller, SIGKILL);
    waitpid(caller, nullptr, 0);
    return serialised;
  });
  if (text.empty()) GTEST_SKIP() << "tracefs cannot be mounted here";
  info.ParseFromString(text);
  if (!info.syscalls_refused().empty()) GTEST_SKIP() << info.syscalls_refused();
  EXPECT_EQ(info.syscalls().at("getpid"), 1000u);
  EXPECT_EQ(info.syscalls().at("gettid"), 500u);
  // getpgid, which is not counted apart, and pause.
  EXPECT_GE(info.syscalls().at("other"), 7u);
  EXPECT_LE(info.syscalls().at("other"), 20u);
}

TEST_F(ProfilerTest, WithoutPermissionItIsRefusedWithARemedy) {
  if (getuid() != 0) GTEST_SKIP() << "only root can become nobody";
  const auto process = Burner("three", 10);
  const pid_t target = process->pid();
  ProfileInfo info;
  info.ParseFromString(AsNobody([target] {
    return Profiler::Start({.root = target}, [](const ProfileChunk&) {})
        .value()
        ->Stop()
        .SerializeAsString();
  }));
  EXPECT_THAT(info.refused(),
              AllOf(HasSubstr("Permission denied"), HasSubstr("perf_event_paranoid is ")));
  EXPECT_THAT(info.remedy(), HasSubstr("CAP_PERFMON"));
  EXPECT_EQ(info.samples(), 0u);
}

// As most users are: their own processes, without the kernel.
TEST_F(ProfilerTest, AUserWithoutPrivilegeSeesUserSpaceAndIsToldSo) {
  if (getuid() != 0) GTEST_SKIP() << "only root can become nobody";
  ProfileInfo info;
  info.ParseFromString(AsNobody([] {
    const pid_t busy = fork();
    if (busy == 0) {
      while (true) {
        asm volatile("");
      }
    }
    auto profiler =
        Profiler::Start({.root = busy, .frequency_hz = 997}, [](const ProfileChunk&) {}).value();
    absl::SleepFor(absl::Milliseconds(500));
    const std::string text = profiler->Stop().SerializeAsString();
    kill(busy, SIGKILL);
    waitpid(busy, nullptr, 0);
    return text;
  }));
  if (!info.refused().empty()) {
    EXPECT_THAT(info.remedy(), Not(IsEmpty()));
    GTEST_SKIP() << info.refused();
  }
  if (!info.event().ends_with(":u")) GTEST_SKIP() << "here users may sample the kernel";
  EXPECT_FALSE(info.kernel_frames());
  EXPECT_GT(info.samples(), 50u);
  EXPECT_GT(info.counters().at("task-clock"), 0u);
}

TEST_F(ProfilerTest, TheProgramWritesFoldedStacks) {
  const auto burner = Burner("three", 600);
  LaunchOptions options;
  options.argv = {AssayFile("agent/profiler/profile").value(),
                  "--pid=" + std::to_string(burner->pid()), "--seconds=0.5", "--frequency=997"};
  // Else the pid means another process there, or none.
  options.pid_namespace = false;
  kill(burner->pid(), SIGUSR1);
  auto program = LaunchedProcess::Start(std::move(options)).value();
  const auto ended = program->WaitForEnd(absl::Now() + absl::Minutes(1));
  ASSERT_TRUE(ended.has_value());
  EXPECT_EQ(ended->ToString(), "exit 0") << program->LastWords();
  EXPECT_THAT(program->StandardOutput(), HasSubstr(";main;"));
  EXPECT_THAT(program->StandardOutput(), HasSubstr("BurnHalf"));
  EXPECT_THAT(program->StandardError(), HasSubstr("bytes a sample"));
}

TEST(ProfilerConfigTest, WhatCannotBeIsSaid) {
  const auto take = [](const ProfileChunk&) {};
  EXPECT_EQ(Profiler::Start({.root = 0}, take).status().code(), absl::StatusCode::kInvalidArgument);
  for (const int frequency : {0, -1, 10'001}) {
    EXPECT_EQ(Profiler::Start({.root = 1, .frequency_hz = frequency}, take).status().code(),
              absl::StatusCode::kInvalidArgument);
  }
}

}  // namespace
}  // namespace assay

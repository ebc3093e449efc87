// Tests the system's refusals, and the features that depend on privileges.

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <iterator>
#include <memory>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "agent/launcher/launched_process.h"
#include "agent/profiler/profile_abilities.h"
#include "agent/profiler/profiler.h"
#include "agent/profiler/profiler_fixture.h"
#include "agent/profiler/syscall_counters.h"
#include "agent/telemetry/process_cpu.h"
#include "common/runfiles.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace assay::agent {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

TEST_F(ProfilerTest, ATargetThatHasEndedIsRefused) {
  const pid_t gone = fork();
  if (gone == 0) _exit(0);
  ASSERT_EQ(waitpid(gone, nullptr, 0), gone);
  const ProfileInfo info =
      Profiler::Start({.root = gone}, [](const ProfileChunk&) { FAIL(); }).value()->Stop();
  EXPECT_THAT(info.refused(), HasSubstr("has ended"));
  EXPECT_THAT(info.remedy(), Not(IsEmpty()));
}

TEST_F(ProfilerTest, SystemCallsThatAreNotCountedSayWhyAndWhatToDo) {
  const auto process = Burner("sleep", 100);
  const Profiled profiled = Profile(*process, {.count_syscalls = true});
  if (profiled.info.syscalls_refused().empty())
    GTEST_SKIP() << "system calls are counted on this host";
  EXPECT_THAT(profiled.info.syscalls(), IsEmpty());
  EXPECT_THAT(profiled.info.syscalls_refused(), HasSubstr("; ")) << "a remedy";
}

TEST_F(ProfilerTest, WithoutTracefsSystemCallsAreRefusedWithARemedy) {
  const auto counters = profiler::SyscallCounters::Open({getpid()}, "/nonexistent");
  EXPECT_THAT(std::string(counters.status().message()), HasSubstr("CONFIG_FTRACE_SYSCALLS"));
  const agent::PerfAbility ability = profiler::SyscallCounters::Try("/nonexistent");
  EXPECT_FALSE(ability.available);
  EXPECT_THAT(ability.reason, HasSubstr("no tracepoint for system calls"));
  EXPECT_THAT(ability.remedy, HasSubstr("CONFIG_FTRACE_SYSCALLS"));
}

// Runs `child` in a new process and returns its result.
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
    // Without this, the process may not inspect even its own children after the change of user.
    prctl(PR_SET_DUMPABLE, 1);
    return child();
  });
}

// Mounts tracefs for this process alone. Returns whether it is available.
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
    int done[2];
    if (pipe(go) != 0 || pipe(done) != 0) return "";
    const pid_t caller = fork();
    if (caller == 0) {
      char byte;
      if (read(go[0], &byte, 1) != 1) _exit(1);
      for (int i = 0; i < 1000; ++i) syscall(SYS_getpid);
      for (int i = 0; i < 500; ++i) syscall(SYS_gettid);
      for (int i = 0; i < 7; ++i) syscall(SYS_getpgid, 0);
      if (write(done[1], "d", 1) != 1) _exit(1);
      while (true) pause();
    }
    auto profiler =
        Profiler::Start({.root = caller, .count_syscalls = true}, [](const ProfileChunk&) {
        }).value();
    char byte;
    if (write(go[1], "g", 1) != 1 || read(done[0], &byte, 1) != 1) return "";
    const std::string serialised = profiler->Stop().SerializeAsString();
    kill(caller, SIGKILL);
    waitpid(caller, nullptr, 0);
    return serialised;
  });
  if (text.empty()) GTEST_SKIP() << "tracefs cannot be mounted on this host";
  info.ParseFromString(text);
  if (!info.syscalls_refused().empty()) GTEST_SKIP() << info.syscalls_refused();
  EXPECT_EQ(info.syscalls().at("getpid"), 1000u);
  EXPECT_EQ(info.syscalls().at("gettid"), 500u);
  // getpgid, which has no counter of its own, and those at the end.
  EXPECT_GE(info.syscalls().at("other"), 7u);
  EXPECT_LE(info.syscalls().at("other"), 20u);
}

// Makes perf_event_open fail with this error for this process and its children, as a container's seccomp profile does.
bool ForbidPerfEvents(int error) {
  sock_filter filter[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_perf_event_open, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | static_cast<uint32_t>(error)),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog program = {.len = std::size(filter), .filter = filter};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

// Reasons and remedies, alternately: those of a profile, and those that `agents` reports in advance.
std::vector<std::string> RefusedWhere(int error) {
  const std::string text = InChild([error]() -> std::string {
    if (!ForbidPerfEvents(error)) return "";
    const ProfileInfo info =
        Profiler::Start({.root = getpid()}, [](const ProfileChunk&) {}).value()->Stop();
    const ProfileAbilities abilities = TryProfileAbilities();
    return absl::StrJoin(
        {info.refused(), info.remedy(), abilities.events[1].reason, abilities.events[1].remedy,
         abilities.off_cpu.reason, abilities.off_cpu.remedy},
        "\n");
  });
  return absl::StrSplit(text, '\n');
}

TEST(SeccompTest, ReportsAPermissionDeniedByAContainerWithItsRemedy) {
  const std::vector<std::string> texts = RefusedWhere(EPERM);
  if (texts.size() == 1) GTEST_SKIP() << "seccomp filters cannot be set on this host";
  ASSERT_THAT(texts, SizeIs(6));
  for (size_t i = 0; i < texts.size(); i += 2) {
    EXPECT_THAT(texts[i], HasSubstr("Operation not permitted"));
    EXPECT_THAT(texts[i + 1], HasSubstr("seccomp profile must allow perf_event_open"));
  }
}

TEST(SeccompTest, ReportsACallMissingInAContainerWithItsRemedy) {
  const std::vector<std::string> texts = RefusedWhere(ENOSYS);
  if (texts.size() == 1) GTEST_SKIP() << "seccomp filters cannot be set on this host";
  ASSERT_THAT(texts, SizeIs(6));
  for (size_t i = 0; i < texts.size(); i += 2) {
    EXPECT_THAT(texts[i], AllOf(HasSubstr("Function not implemented"), HasSubstr("seccomp")));
    EXPECT_THAT(texts[i + 1], HasSubstr("seccomp profile allows them"));
  }
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

// The privileges of most users: their own processes, without kernel events.
TEST_F(ProfilerTest, AnUnprivilegedUserSeesUserSpaceAndANote) {
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
    // In CPU time: 400 samples, however busy the machine is.
    const int64_t until_ns = ProcessCpuNanos(busy).value() + 400'000'000;
    while (ProcessCpuNanos(busy).value() < until_ns) absl::SleepFor(absl::Milliseconds(10));
    const std::string text = profiler->Stop().SerializeAsString();
    kill(busy, SIGKILL);
    waitpid(busy, nullptr, 0);
    return text;
  }));
  if (!info.refused().empty()) {
    EXPECT_THAT(info.remedy(), Not(IsEmpty()));
    GTEST_SKIP() << info.refused();
  }
  if (!info.event().ends_with(":u"))
    GTEST_SKIP() << "unprivileged users may sample the kernel on this host";
  EXPECT_FALSE(info.kernel_frames());
  EXPECT_GT(info.samples(), 50u);
  EXPECT_GT(info.counters().at("task-clock"), 0u);
}

// Whether a process has opened its perf events.
bool Samples(pid_t pid) {
  std::error_code error;
  for (const auto& file :
       std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/fd", error)) {
    if (std::filesystem::read_symlink(file.path(), error).string().find("perf_event") !=
        std::string::npos) {
      return true;
    }
  }
  return false;
}

TEST_F(ProfilerTest, TheProgramWritesFoldedStacks) {
  const auto burner = Burner("three", 600);
  agent::LaunchOptions options;
  options.argv = {AssayFile("agent/profiler/profile").value(),
                  "--pid=" + std::to_string(burner->pid()), "--seconds=600", "--frequency=997"};
  // Otherwise the pid would denote another process there, or none.
  options.pid_namespace = false;
  auto program = agent::LaunchedProcess::Start(std::move(options)).value();
  while (!Samples(program->pid()) && !program->ended().has_value()) {
    absl::SleepFor(absl::Milliseconds(5));
  }
  kill(burner->pid(), SIGUSR1);
  ASSERT_TRUE(burner->WaitForOutput(" .\n", absl::Now() + absl::Minutes(1)));
  // Ends the profile before its time.
  kill(program->pid(), SIGTERM);
  const auto ended = program->WaitForEnd(absl::Now() + absl::Minutes(1));
  ASSERT_TRUE(ended.has_value());
  EXPECT_EQ(ended->ToString(), "exit 0") << program->LastOutput();
  EXPECT_THAT(program->StandardOutput(), HasSubstr(";main;"));
  EXPECT_THAT(program->StandardOutput(), HasSubstr("BurnHalf"));
  EXPECT_THAT(program->StandardError(), HasSubstr("bytes per sample"));
}

TEST(ProfilerConfigTest, InvalidValuesAreReported) {
  const auto take = [](const ProfileChunk&) {};
  EXPECT_EQ(Profiler::Start({.root = 0}, take).status().code(), absl::StatusCode::kInvalidArgument);
  for (const int bytes : {0, 1020, 4097, 1 << 16}) {
    EXPECT_EQ(Profiler::Start({.root = 1, .stack_bytes = bytes}, take).status().code(),
              absl::StatusCode::kInvalidArgument);
  }
  for (const int frequency : {0, -1, 10'001}) {
    EXPECT_EQ(Profiler::Start({.root = 1, .frequency_hz = frequency}, take).status().code(),
              absl::StatusCode::kInvalidArgument);
  }
}

}  // namespace
}  // namespace assay::agent

#include "agent/launcher/launched_process.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include "absl/strings/str_cat.h"
#include "agent/launcher/launch_fixture.h"
#include "agent/launcher/marked_processes.h"
#include "common/cpu_set.h"
#include "common/process_tree.h"
#include "common/runfiles.h"
#include "common/unique_fd.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace assay::agent {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

std::string ProgramOf(pid_t pid) {
  char link[4096];
  const ssize_t length = readlink(absl::StrCat("/proc/", pid, "/exe").c_str(), link, sizeof(link));
  return length < 0 ? "" : std::string(link, static_cast<size_t>(length));
}

size_t OpenDescriptors() {
  size_t count = 0;
  for (int fd = 0; fd < 1024; ++fd) count += fcntl(fd, F_GETFD) >= 0 ? 1 : 0;
  return count;
}

class LaunchedProcessTest : public LaunchFixture {
 protected:
  // The program and its three descendants are running.
  Process StartFamily() const {
    Process process = MustStart(Options({"family"}));
    EXPECT_TRUE(process->WaitForOutput("ready", Soon())) << process->LastOutput();
    return process;
  }
};

INSTANTIATE_TEST_SUITE_P(Modes, LaunchedProcessTest, ::testing::Bool(), ModeName);

TEST_P(LaunchedProcessTest, ReportsTheExitStatus) {
  EXPECT_EQ(MustStart(Options({"exit", "0"}))->WaitForEnd(Soon())->ToString(), "exit 0");
  EXPECT_EQ(MustStart(Options({"exit", "3"}))->WaitForEnd(Soon())->exit_status, 3);
}

TEST_P(LaunchedProcessTest, ReportsTheSignalThatEndedTheProgram) {
  const Process process = MustStart(Options({"signal", std::to_string(SIGQUIT)}));
  const std::optional<Ended> ended = process->WaitForEnd(Soon());
  EXPECT_EQ(ended->signal, SIGQUIT);
  EXPECT_FALSE(ended->exit_status.has_value());
  EXPECT_EQ(ended->ToString(), "signal 3 (SIGQUIT)");
}

// The first process of a PID namespace could not abort, because the kernel ignores its own signals to it.
TEST_P(LaunchedProcessTest, AbortIsReportedAsAbort) {
  EXPECT_EQ(MustStart(Options({"abort"}))->WaitForEnd(Soon())->ToString(), "signal 6 (SIGABRT)");
}

TEST_P(LaunchedProcessTest, PidIsTheProgramsPidInOurNamespace) {
  const Process process = MustStart(Options({"sleep"}));
  EXPECT_THAT(ProgramOf(process->pid()), HasSubstr("test_program"));
  EXPECT_EQ(process->ended(), std::nullopt);
}

TEST_P(LaunchedProcessTest, DestructorKillsTheWholeTreeIncludingDaemons) {
  {
    const Process process = StartFamily();
    EXPECT_THAT(ProcessesWithMark(mark_), SizeIs(::testing::Ge(6u)))
        << "launch, guard, program and three below it";
  }
  EXPECT_THAT(ProcessesWithMark(mark_), IsEmpty());
}

TEST_P(LaunchedProcessTest, TreeIsTheProgramAndItsDescendants) {
  const Process process = StartFamily();
  EXPECT_THAT(process->Tree(),
              AllOf(SizeIs(4), Contains(process->pid()), Not(Contains(process->guard_pid()))));
  ASSERT_TRUE(process->Stop(SIGKILL, absl::ZeroDuration()).ok());
  EXPECT_THAT(process->Tree(), IsEmpty());
}

TEST_P(LaunchedProcessTest, KillsTheRemainingTreeWhenTheProgramEnds) {
  const Process process = MustStart(Options({"orphaning"}));
  EXPECT_EQ(process->WaitForEnd(Soon())->exit_status, 0);
  EXPECT_THAT(ProcessesWithMark(mark_), IsEmpty());
}

TEST_P(LaunchedProcessTest, StopLetsAProgramHandleTheSignal) {
  const Process process = StartFamily();
  ASSERT_TRUE(process->Stop(SIGTERM, absl::Minutes(1)).ok());
  EXPECT_EQ(process->ended()->signal, SIGTERM);
  EXPECT_THAT(ProcessesWithMark(mark_), IsEmpty());
}

TEST_P(LaunchedProcessTest, StopKillsAProgramThatIgnoresTheSignal) {
  const Process process = MustStart(Options({"stubborn"}));
  ASSERT_TRUE(process->WaitForOutput("ready", Soon()));
  ASSERT_TRUE(process->Stop(SIGTERM, absl::Milliseconds(20)).ok());
  EXPECT_EQ(process->ended()->signal, SIGKILL);
  EXPECT_THAT(ProcessesWithMark(mark_), IsEmpty());
  EXPECT_TRUE(process->Stop(SIGTERM, absl::Minutes(1)).ok()) << "a repeated Stop has no effect";
}

TEST_P(LaunchedProcessTest, ALongOutputDoesNotBlockTheProgramAndMemoryIsBounded) {
  const Process process = MustStart(Options({"print", "30000000"}));
  EXPECT_EQ(process->WaitForEnd(Soon())->exit_status, 0);
  const std::string output = process->StandardOutput();
  EXPECT_LE(output.size(), 66'000u);
  EXPECT_THAT(output, HasSubstr("bytes left out"));
  EXPECT_THAT(output, ::testing::EndsWith("done\n"));
  EXPECT_LE(process->LastOutput().size(), 8192u);
}

TEST_P(LaunchedProcessTest, LastOutputBeginsWithStandardError) {
  const Process process = MustStart(Options({"say", "out", "err\n"}));
  ASSERT_TRUE(process->WaitForEnd(Soon()).has_value());
  EXPECT_EQ(process->LastOutput(), "err\n[standard output]\nout");
  EXPECT_EQ(process->StandardOutput(), "out");
  EXPECT_EQ(process->StandardError(), "err\n");
}

TEST_P(LaunchedProcessTest, WaitingForOutputEndsWithTheProgram) {
  const Process process = MustStart(Options({"say", "out", "err"}));
  EXPECT_FALSE(process->WaitForOutput("never said", Soon()));
  EXPECT_TRUE(process->WaitForOutput("out", Soon()));
}

TEST_P(LaunchedProcessTest, OnEndCallsBackOnceAtTheEndOrImmediatelyAfterIt) {
  std::atomic<int> calls{0};
  Process process = MustStart(Options({"sleep"}));
  process->OnEnd([&calls](const Ended& ended) { calls += ended.signal; });
  ASSERT_TRUE(process->Stop(SIGKILL, absl::ZeroDuration()).ok());
  process.reset();
  EXPECT_EQ(calls, SIGKILL);

  process = MustStart(Options({"exit", "5"}));
  ASSERT_TRUE(process->WaitForEnd(Soon()).has_value());
  process->OnEnd([&calls](const Ended& ended) { calls = *ended.exit_status; });
  EXPECT_EQ(calls, 5);
}

// PR_SET_PDEATHSIG would kill the program in this case.
TEST_P(LaunchedProcessTest, TheStartingThreadMayEnd) {
  int ends[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  const UniqueFd ours(ends[0]);
  UniqueFd theirs(ends[1]);
  Process process;
  std::thread([&] {
    LaunchOptions options = Options({"echo", "7"});
    options.pass_fds = {{theirs.get(), 7}};
    process = MustStart(std::move(options));
  }).join();
  theirs.reset();
  for (const char byte : {'a', 'b'}) {
    char response = 0;
    ASSERT_EQ(write(ours.get(), &byte, 1), 1);
    ASSERT_EQ(read(ours.get(), &response, 1), 1);
    EXPECT_EQ(response, byte);
  }
  EXPECT_EQ(process->ended(), std::nullopt);
}

TEST_P(LaunchedProcessTest, KillingLaunchKillsTheTree) {
  const Process process = StartFamily();
  const pid_t launch = ReadProcessStat(process->guard_pid())->parent;
  ASSERT_EQ(ReadProcessStat(launch)->name, "launch");
  ASSERT_EQ(kill(launch, SIGKILL), 0);
  const std::optional<Ended> ended = process->WaitForEnd(Soon());
  ASSERT_TRUE(ended.has_value());
  EXPECT_TRUE(ended->lost);
  EXPECT_THAT(ended->ToString(), HasSubstr("launch program ended before"));
  EXPECT_THAT(ProcessesWithMark(mark_), IsEmpty());
  EXPECT_TRUE(process->Stop(SIGTERM, absl::ZeroDuration()).ok());
}

TEST_P(LaunchedProcessTest, KillingTheGuardKillsTheTree) {
  const Process process = StartFamily();
  ASSERT_EQ(kill(process->guard_pid(), SIGKILL), 0);
  ASSERT_TRUE(process->WaitForEnd(Soon()).has_value());
  EXPECT_THAT(ProcessesWithMark(mark_), IsEmpty());
}

// In any state of the agent.
TEST_P(LaunchedProcessTest, KillingTheAgentKillsTheTree) {
  for (const char* word : {"family", "--hold"}) {
    const std::string mark = UniqueMark();
    std::string command = AssayFile("agent/launcher/test_agent").value();
    if (!GetParam()) command += " --no-pid-namespace";
    int ends[2];
    ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
    const pid_t agent = fork();
    if (agent == 0) {
      dup2(ends[1], STDOUT_FILENO);
      command = absl::StrCat("exec ", command, " ", word, " sleep ", mark);
      execl("/bin/sh", "sh", "-c", command.c_str(), nullptr);
      _exit(127);
    }
    close(ends[1]);
    const UniqueFd output(ends[0]);
    char line[8] = {};
    ASSERT_EQ(read(output.get(), line, sizeof(line)), 8);
    ASSERT_THAT(ProcessesWithMark(mark), SizeIs(::testing::Ge(3u)));
    ASSERT_EQ(kill(agent, SIGKILL), 0);
    ASSERT_EQ(waitpid(agent, nullptr, 0), agent);
    EXPECT_THAT(WaitUntilNoneHasMark(mark), IsEmpty());
  }
}

// Without a namespace, only the agent is left to detect this. The daemons must end although the agent lives on.
TEST_P(LaunchedProcessTest, KillingLaunchAndGuardAtTheSameTimeKillsTheTree) {
  std::string command = absl::StrCat("exec ", AssayFile("agent/launcher/test_agent").value());
  if (!GetParam()) command += " --no-pid-namespace";
  absl::StrAppend(&command, " family sleep ", mark_);
  int ends[2];
  ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
  const pid_t agent = fork();
  if (agent == 0) {
    dup2(ends[1], STDOUT_FILENO);
    // As in an agent that is not root, no program gets a capability.
    for (int capability = 0; !GetParam() && capability < 64; ++capability) {
      prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);
    }
    execl("/bin/sh", "sh", "-c", command.c_str(), nullptr);
    _exit(127);
  }
  close(ends[1]);
  const UniqueFd output(ends[0]);
  char line[8] = {};
  ASSERT_EQ(read(output.get(), line, sizeof(line)), 8);
  const std::vector<pid_t> of_agent = ChildrenOf(agent);
  ASSERT_THAT(of_agent, SizeIs(1));
  const std::vector<pid_t> of_launch = ChildrenOf(of_agent.front());
  ASSERT_THAT(of_launch, SizeIs(1));
  // While both are stopped, neither can react to the end of the other.
  for (const int signal : {SIGSTOP, SIGKILL}) {
    ASSERT_EQ(kill(of_launch.front(), signal), 0);
    ASSERT_EQ(kill(of_agent.front(), signal), 0);
  }
  // The agent's command line also contains the mark.
  const absl::Time soon = Soon();
  std::vector<pid_t> left;
  do {
    left = ProcessesWithMark(mark_);
    left.erase(std::remove(left.begin(), left.end(), agent), left.end());
    absl::SleepFor(absl::Milliseconds(5));
  } while (!left.empty() && absl::Now() < soon);
  EXPECT_THAT(left, IsEmpty());
  EXPECT_EQ(waitpid(agent, nullptr, WNOHANG), 0) << "the agent lives on";
  kill(agent, SIGKILL);
  waitpid(agent, nullptr, 0);
}

TEST_P(LaunchedProcessTest, ManyThreadsStartManyProgramsAndNothingLeaks) {
  const size_t before = OpenDescriptors();
  std::atomic<bool> stop{false};
  // Holds the allocator's locks most of the time, so that a child that allocates between fork and exec hangs.
  std::thread busy([&stop] {
    while (!stop) std::string(size_t{1} << 12, 'x').append(1 << 14, 'y');
  });
  std::vector<std::thread> threads;
  std::atomic<int> sum{0};
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      for (int j = 0; j < 4; ++j) {
        const Process process = MustStart(Options({"exit", std::to_string(i + 1)}));
        sum += *process->WaitForEnd(Soon())->exit_status;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  stop = true;
  busy.join();
  EXPECT_EQ(sum, 4 * (1 + 2 + 3 + 4));
  EXPECT_EQ(OpenDescriptors(), before);
  EXPECT_THAT(ProcessesWithMark(mark_), IsEmpty());
  EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1) << "no child remains that was not waited for";
}

}  // namespace
}  // namespace assay::agent

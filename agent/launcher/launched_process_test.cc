#include "agent/launcher/launched_process.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "absl/strings/str_cat.h"
#include "agent/launcher/marked_processes.h"
#include "common/cpu_set.h"
#include "common/file.h"
#include "common/process_tree.h"
#include "common/runfiles.h"
#include "common/unique_fd.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace assay {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

using Process = std::unique_ptr<LaunchedProcess>;

std::string TestProgram() { return AssayFile("agent/launcher/test_program").value(); }

// No test waits so long unless it fails.
absl::Time Soon() { return absl::Now() + absl::Minutes(1); }

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

// Everything holds with a PID namespace and without.
class LaunchedProcessTest : public ::testing::TestWithParam<bool> {
 protected:
  LaunchOptions Options(std::vector<std::string> words) const {
    LaunchOptions options;
    options.argv = std::move(words);
    options.argv.insert(options.argv.begin(), TestProgram());
    options.argv.push_back(mark_);
    options.pid_namespace = GetParam();
    return options;
  }

  static Process MustStart(LaunchOptions options) {
    absl::StatusOr<Process> process = LaunchedProcess::Start(std::move(options));
    EXPECT_TRUE(process.ok()) << process.status();
    return process.ok() ? *std::move(process) : nullptr;
  }

  // With the family running, four processes of it.
  Process StartFamily() const {
    Process process = MustStart(Options({"family"}));
    EXPECT_TRUE(process->WaitForOutput("ready", Soon())) << process->LastWords();
    return process;
  }

  std::string OutputOf(LaunchOptions options) const {
    const Process process = MustStart(std::move(options));
    EXPECT_TRUE(process->WaitForEnd(Soon()).has_value());
    return process->StandardOutput();
  }

  const std::string mark_ = UniqueMark();
};

INSTANTIATE_TEST_SUITE_P(Modes, LaunchedProcessTest, ::testing::Bool(),
                         [](const ::testing::TestParamInfo<bool>& info) {
                           return info.param ? "OwnNamespace" : "NoNamespace";
                         });

TEST_P(LaunchedProcessTest, SaysWithWhichStatusTheProgramEnded) {
  EXPECT_EQ(MustStart(Options({"exit", "0"}))->WaitForEnd(Soon())->ToString(), "exit 0");
  EXPECT_EQ(MustStart(Options({"exit", "3"}))->WaitForEnd(Soon())->exit_status, 3);
}

TEST_P(LaunchedProcessTest, SaysWhichSignalEndedTheProgram) {
  const Process process = MustStart(Options({"signal", std::to_string(SIGSEGV)}));
  const std::optional<Ended> ended = process->WaitForEnd(Soon());
  EXPECT_EQ(ended->signal, SIGSEGV);
  EXPECT_FALSE(ended->exit_status.has_value());
  EXPECT_EQ(ended->ToString(), "signal 11 (SIGSEGV)");
}

// The first process of a PID namespace could not: the kernel spares it its own signals.
TEST_P(LaunchedProcessTest, AbortIsReportedAsAbort) {
  EXPECT_EQ(MustStart(Options({"abort"}))->WaitForEnd(Soon())->ToString(), "signal 6 (SIGABRT)");
}

TEST_P(LaunchedProcessTest, ThePidIsThatOfTheProgramAsWeSeeIt) {
  const Process process = MustStart(Options({"sleep"}));
  EXPECT_THAT(ProgramOf(process->pid()), HasSubstr("test_program"));
  EXPECT_EQ(process->ended(), std::nullopt);
}

TEST_P(LaunchedProcessTest, DestroyingItKillsTheWholeTreeDaemonsToo) {
  {
    const Process process = StartFamily();
    EXPECT_THAT(ProcessesWithMark(mark_), SizeIs(::testing::Ge(6u)))
        << "launch, guard, program and three below it";
  }
  EXPECT_THAT(ProcessesWithMark(mark_), IsEmpty());
}

TEST_P(LaunchedProcessTest, TheTreeIsTheProgramAndAllBelowIt) {
  const Process process = StartFamily();
  EXPECT_THAT(process->Tree(),
              AllOf(SizeIs(4), Contains(process->pid()), Not(Contains(process->guard_pid()))));
  ASSERT_TRUE(process->Stop(SIGKILL, absl::ZeroDuration()).ok());
  EXPECT_THAT(process->Tree(), IsEmpty());
}

TEST_P(LaunchedProcessTest, WhatAProgramLeavesBehindIsKilledWhenItEnds) {
  const Process process = MustStart(Options({"orphaning"}));
  EXPECT_EQ(process->WaitForEnd(Soon())->exit_status, 0);
  EXPECT_THAT(ProcessesWithMark(mark_), IsEmpty());
}

TEST_P(LaunchedProcessTest, StopLetsAProgramEndOnItsOwn) {
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
  EXPECT_TRUE(process->Stop(SIGTERM, absl::Minutes(1)).ok()) << "once more is harmless";
}

TEST_P(LaunchedProcessTest, AChattyProgramIsNeverBlockedAndMemoryIsBounded) {
  const Process process = MustStart(Options({"print", "30000000"}));
  EXPECT_EQ(process->WaitForEnd(Soon())->exit_status, 0);
  const std::string output = process->StandardOutput();
  EXPECT_LE(output.size(), 66'000u);
  EXPECT_THAT(output, HasSubstr("bytes left out"));
  EXPECT_THAT(output, ::testing::EndsWith("done\n"));
  EXPECT_LE(process->LastWords().size(), 8192u);
}

TEST_P(LaunchedProcessTest, LastWordsBeginWithStandardError) {
  const Process process = MustStart(Options({"say", "out", "err\n"}));
  ASSERT_TRUE(process->WaitForEnd(Soon()).has_value());
  EXPECT_EQ(process->LastWords(), "err\n[standard output]\nout");
  EXPECT_EQ(process->StandardOutput(), "out");
  EXPECT_EQ(process->StandardError(), "err\n");
}

TEST_P(LaunchedProcessTest, WaitingForOutputEndsWithTheProgram) {
  const Process process = MustStart(Options({"say", "out", "err"}));
  EXPECT_FALSE(process->WaitForOutput("never said", Soon()));
  EXPECT_TRUE(process->WaitForOutput("out", Soon()));
}

TEST_P(LaunchedProcessTest, TheCallbackRunsOnceAtTheEndOrAtOnceAfterIt) {
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

TEST_P(LaunchedProcessTest, AllDescendantsArePinned) {
  CpuSet last;
  last.Add(CpuSet::AllowedForThisProcess()->cpus().back());
  LaunchOptions options = Options({"affinity"});
  options.cpus = last;
  const std::string line = "affinity " + last.ToString() + "\n";
  EXPECT_EQ(OutputOf(std::move(options)), line + line + line + line);
}

TEST_P(LaunchedProcessTest, AProgramBeginsAsIfAShellHadStartedIt) {
  sigset_t blocked;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGUSR1);
  pthread_sigmask(SIG_BLOCK, &blocked, nullptr);
  const auto old = signal(SIGINT, SIG_IGN);
  const UniqueFd careless(open("/dev/null", O_RDONLY));  // Without O_CLOEXEC.
  LaunchOptions options = Options({"report", "FRUIT"});
  options.working_directory = "/usr";
  options.environment["FRUIT"] = "a=b [c,d]";
  const std::string output = OutputOf(std::move(options));
  signal(SIGINT, old);
  pthread_sigmask(SIG_UNBLOCK, &blocked, nullptr);
  EXPECT_THAT(output, HasSubstr("descriptors 0 1 2\n"));
  EXPECT_THAT(output, HasSubstr("signals\n")) << "none blocked, none ignored";
  EXPECT_THAT(output, HasSubstr("folder /usr\n"));
  EXPECT_THAT(output, HasSubstr("variable a=b [c,d]\n"));
  EXPECT_THAT(output, HasSubstr("input empty\n"));
  EXPECT_THAT(output, HasSubstr("session own\n"));
  EXPECT_THAT(output, HasSubstr("proc own\n"));
}

TEST_P(LaunchedProcessTest, TheEnvironmentIsInherited) {
  setenv("INHERITED", "yes", 1);
  EXPECT_THAT(OutputOf(Options({"report", "INHERITED"})), HasSubstr("variable yes\n"));
  unsetenv("INHERITED");
}

// A server that is measured must not behave as the shell of whoever started the agent has it.
TEST_P(LaunchedProcessTest, TheEnvironmentMayBeLeftOut) {
  setenv("INHERITED", "yes", 1);
  LaunchOptions options = Options({"report", "INHERITED"});
  options.inherit_environment = false;
  EXPECT_THAT(OutputOf(std::move(options)), Not(HasSubstr("variable yes\n")));
  LaunchOptions given = Options({"report", "FRUIT"});
  given.inherit_environment = false;
  given.environment["FRUIT"] = "fig";
  EXPECT_THAT(OutputOf(std::move(given)), HasSubstr("variable fig\n"));
  unsetenv("INHERITED");
}

TEST_P(LaunchedProcessTest, ListedDescriptorsPassUnderTheirNumbersEvenCrosswise) {
  int a[2];
  int b[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, a), 0);
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, b), 0);
  const UniqueFd a_ours(a[0]), b_ours(b[0]);
  UniqueFd a_theirs(a[1]), b_theirs(b[1]);
  // Each under the other's number, and one under the number of launch's own control socket.
  LaunchOptions options = Options({"echo", std::to_string(a[1])});
  options.pass_fds = {{a[1], b[1]}, {b[1], a[1]}, {a[1], 3}};
  const Process process = MustStart(std::move(options));
  a_theirs.reset();
  b_theirs.reset();
  char byte = 'q';
  ASSERT_EQ(write(b_ours.get(), &byte, 1), 1);
  byte = 0;
  ASSERT_EQ(read(b_ours.get(), &byte, 1), 1);
  EXPECT_EQ(byte, 'q');
  ASSERT_EQ(shutdown(b_ours.get(), SHUT_WR), 0);
  EXPECT_EQ(process->WaitForEnd(Soon())->exit_status, 0);
  // Nobody else kept a copy: the program's end is the socket's.
  EXPECT_EQ(read(a_ours.get(), &byte, 1), 0);
}

TEST_P(LaunchedProcessTest, AHeldProgramWaitsPinnedBeforeItsFirstInstruction) {
  LaunchOptions options = Options({"exit", "4"});
  options.hold = true;
  options.cpus.Add(CpuSet::AllowedForThisProcess()->cpus().front());
  const CpuSet cpus = options.cpus;
  const Process process = MustStart(std::move(options));
  ASSERT_GT(process->pid(), 0);
  EXPECT_THAT(ProgramOf(process->pid()), ::testing::EndsWith("/launch"));
  EXPECT_EQ(*CpuSet::AllowedForThread(process->pid()), cpus);
  EXPECT_EQ(process->ended(), std::nullopt);
  ASSERT_TRUE(process->Release().ok());
  EXPECT_EQ(process->WaitForEnd(Soon())->exit_status, 4);
  EXPECT_TRUE(process->Release().ok()) << "once more is harmless";
}

TEST_P(LaunchedProcessTest, AHeldProgramCanBeStopped) {
  LaunchOptions options = Options({"exit", "0"});
  options.hold = true;
  const Process process = MustStart(std::move(options));
  ASSERT_TRUE(process->Stop(SIGTERM, absl::Minutes(1)).ok());
  EXPECT_EQ(process->ended()->signal, SIGTERM);
  EXPECT_THAT(process->Release().message(), HasSubstr("SIGTERM"));
  EXPECT_THAT(ProcessesWithMark(mark_), IsEmpty());
}

TEST_P(LaunchedProcessTest, AHeldProgramThatCannotBeExecutedSaysSoAtItsRelease) {
  LaunchOptions options = Options({});
  options.argv[0] = "/none/such";
  options.hold = true;
  const Process process = MustStart(std::move(options));
  const absl::Status released = process->Release();
  EXPECT_EQ(released.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(released.message(), HasSubstr("/none/such"));
}

// PR_SET_PDEATHSIG would kill it then.
TEST_P(LaunchedProcessTest, TheThreadThatStartedItMayEnd) {
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
    char answer = 0;
    ASSERT_EQ(write(ours.get(), &byte, 1), 1);
    ASSERT_EQ(read(ours.get(), &answer, 1), 1);
    EXPECT_EQ(answer, byte);
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

// Whatever the agent is doing, and however it dies.
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

TEST_P(LaunchedProcessTest, ManyThreadsStartManyProgramsAndNothingLeaks) {
  const size_t before = OpenDescriptors();
  std::atomic<bool> stop{false};
  // Holds the allocator's locks most of the time: a child that allocated between fork and exec would hang.
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
  EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1) << "no child is left unwaited for";
}

// Each says what failed, why and what to do; and nothing is left.
class LaunchFailureTest : public LaunchedProcessTest {
 protected:
  absl::Status Fails(LaunchOptions options) const {
    const absl::Status status = LaunchedProcess::Start(std::move(options)).status();
    EXPECT_FALSE(status.ok());
    EXPECT_THAT(ProcessesWithMark(mark_), IsEmpty());
    return status;
  }
  absl::Status FailsToExec(const std::string& program) const {
    LaunchOptions options = Options({});
    options.argv[0] = program;
    return Fails(std::move(options));
  }
  static std::string FileWith(const std::string& contents, mode_t mode) {
    std::string folder = ::testing::TempDir() + "launch_XXXXXX";
    mkdtemp(folder.data());
    EXPECT_TRUE(WriteFileAtomically(folder + "/program", contents).ok());
    chmod((folder + "/program").c_str(), mode);
    return folder + "/program";
  }
};

INSTANTIATE_TEST_SUITE_P(Modes, LaunchFailureTest, ::testing::Bool());

TEST_P(LaunchFailureTest, AProgramThatIsNotInstalled) {
  const absl::Status status = FailsToExec("no-such-program");
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(status.message(), HasSubstr("\"no-such-program\": no such program in PATH; install"));
}

TEST_P(LaunchFailureTest, APathThatLeadsNowhere) {
  const absl::Status status = FailsToExec("/none/such");
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(status.message(), HasSubstr("No such file or directory; build or install it"));
}

TEST_P(LaunchFailureTest, AFileThatIsNotExecutable) {
  const absl::Status status = FailsToExec(FileWith("#!/bin/sh\n", 0644));
  EXPECT_EQ(status.code(), absl::StatusCode::kPermissionDenied);
  EXPECT_THAT(status.message(), HasSubstr("Permission denied; make it executable (chmod +x)"));
}

TEST_P(LaunchFailureTest, AFolder) {
  const absl::Status status = FailsToExec("/usr/");
  EXPECT_EQ(status.code(), absl::StatusCode::kPermissionDenied);
  EXPECT_THAT(status.message(), HasSubstr("it is a folder"));
}

TEST_P(LaunchFailureTest, AScriptWithoutItsInterpreter) {
  const absl::Status status = FailsToExec(FileWith("#!/none/such\n", 0755));
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(status.message(), HasSubstr("though the file is there: the interpreter"));
}

TEST_P(LaunchFailureTest, AFileThatIsNoProgram) {
  const absl::Status status = FailsToExec(FileWith("hello", 0755));
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(status.message(), HasSubstr("no program for this machine"));
}

TEST_P(LaunchFailureTest, AFolderToStartInThatIsMissing) {
  LaunchOptions options = Options({"exit", "0"});
  options.working_directory = "/none/such";
  const absl::Status status = Fails(std::move(options));
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(status.message(), HasSubstr("\"/none/such\": No such file or directory; create it"));
}

TEST_P(LaunchFailureTest, CpusThatDoNotExist) {
  LaunchOptions options = Options({"exit", "0"});
  options.cpus = *CpuSet::Parse("0,8000");
  const absl::Status status = Fails(std::move(options));
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(status.message(), HasSubstr("\"0,8000\""));
  EXPECT_THAT(status.message(), HasSubstr(CpuSet::AllowedForThisProcess()->ToString()));
}

TEST_P(LaunchFailureTest, ADescriptorThatIsNotOpen) {
  LaunchOptions options = Options({"exit", "0"});
  options.pass_fds = {{1000, 3}};
  EXPECT_THAT(Fails(std::move(options)).message(), HasSubstr("descriptor 1000"));
}

TEST_P(LaunchFailureTest, OptionsThatCannotBe) {
  EXPECT_EQ(LaunchedProcess::Start({}).status().code(), absl::StatusCode::kInvalidArgument);
  LaunchOptions twice = Options({"exit", "0"});
  twice.pass_fds = {{0, 5}, {1, 5}};
  EXPECT_EQ(Fails(std::move(twice)).code(), absl::StatusCode::kInvalidArgument);
  LaunchOptions output = Options({"exit", "0"});
  output.pass_fds = {{0, 1}};
  EXPECT_EQ(Fails(std::move(output)).code(), absl::StatusCode::kInvalidArgument);
  LaunchOptions nul = Options({std::string("a\0b", 3)});
  EXPECT_EQ(Fails(std::move(nul)).code(), absl::StatusCode::kInvalidArgument);
  LaunchOptions variable = Options({"exit", "0"});
  variable.environment["A=B"] = "c";
  EXPECT_EQ(Fails(std::move(variable)).code(), absl::StatusCode::kInvalidArgument);
}

TEST_P(LaunchFailureTest, ALaunchProgramThatIsMissingOrSomethingElse) {
  LaunchOptions missing = Options({"exit", "0"});
  missing.launch_program = "/none/such";
  EXPECT_THAT(Fails(std::move(missing)).message(), HasSubstr("/none/such"));
  LaunchOptions other = Options({"exit", "0"});
  other.launch_program = "/bin/false";
  EXPECT_THAT(Fails(std::move(other)).message(), HasSubstr("gone before it ran"));
}

TEST(PidNamespaceTest, ItHasOneOrSaysWhyNot) {
  LaunchOptions options;
  options.argv = {TestProgram(), "report", "x"};
  const Process process = LaunchedProcess::Start(options).value();
  ASSERT_TRUE(process->WaitForEnd(Soon()).has_value());
  if (process->no_pid_namespace_reason().empty()) {
    EXPECT_THAT(process->StandardOutput(), HasSubstr("pid 2\n"));
  } else {
    EXPECT_THAT(process->no_pid_namespace_reason(), HasSubstr("unshare(CLONE_NEWPID)"));
  }
  options.pid_namespace = false;
  EXPECT_THAT(LaunchedProcess::Start(options).value()->no_pid_namespace_reason(),
              HasSubstr("none was asked for"));
}

}  // namespace
}  // namespace assay

// Tests the environment, descriptors and CPUs that a launched program gets.

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "agent/launcher/launch_fixture.h"
#include "agent/launcher/launch_options.h"
#include "agent/launcher/launched_process.h"
#include "agent/launcher/marked_processes.h"
#include "common/cpu_set.h"
#include "common/runfiles.h"
#include "common/unique_fd.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace assay::agent {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

std::string ProgramOf(pid_t pid) {
  char link[4096];
  const ssize_t length = readlink(absl::StrCat("/proc/", pid, "/exe").c_str(), link, sizeof(link));
  return length < 0 ? "" : std::string(link, static_cast<size_t>(length));
}

using LaunchedProgramTest = LaunchFixture;

INSTANTIATE_TEST_SUITE_P(Modes, LaunchedProgramTest, ::testing::Bool(), ModeName);

TEST_P(LaunchedProgramTest, AllDescendantsArePinned) {
  CpuSet last;
  last.Add(CpuSet::AllowedForThisProcess()->cpus().back());
  LaunchOptions options = Options({"affinity"});
  options.cpus = last;
  const std::string line = "affinity " + last.ToString() + "\n";
  EXPECT_EQ(OutputOf(std::move(options)), line + line + line + line);
}

TEST_P(LaunchedProgramTest, AProgramStartsWithDefaultSignalsAndOnlyStandardDescriptors) {
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

TEST_P(LaunchedProgramTest, TheEnvironmentIsInherited) {
  setenv("INHERITED", "yes", 1);
  EXPECT_THAT(OutputOf(Options({"report", "INHERITED"})), HasSubstr("variable yes\n"));
  unsetenv("INHERITED");
}

// A measured server must not depend on the environment of the agent's user.
TEST_P(LaunchedProgramTest, TheEnvironmentCanBeOmitted) {
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

TEST_P(LaunchedProgramTest, PassesListedDescriptorsUnderTheirNumbersEvenSwapped) {
  int a[2];
  int b[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, a), 0);
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, b), 0);
  const UniqueFd a_ours(a[0]), b_ours(b[0]);
  UniqueFd a_theirs(a[1]), b_theirs(b[1]);
  // Swap two numbers, and use the number of launch's own control socket.
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
  // No other process has a copy, so the socket closes when the program ends.
  EXPECT_EQ(read(a_ours.get(), &byte, 1), 0);
}

TEST_P(LaunchedProgramTest, AHeldProgramWaitsPinnedBeforeItsFirstInstruction) {
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
  EXPECT_TRUE(process->Release().ok()) << "a repeated Release has no effect";
}

TEST_P(LaunchedProgramTest, AHeldProgramCanBeStopped) {
  LaunchOptions options = Options({"exit", "0"});
  options.hold = true;
  const Process process = MustStart(std::move(options));
  ASSERT_TRUE(process->Stop(SIGTERM, absl::Minutes(1)).ok());
  EXPECT_EQ(process->ended()->signal, SIGTERM);
  EXPECT_THAT(process->Release().message(), HasSubstr("SIGTERM"));
  EXPECT_THAT(ProcessesWithMark(mark_), IsEmpty());
}

TEST_P(LaunchedProgramTest, ReleaseReportsThatAHeldProgramCannotExec) {
  LaunchOptions options = Options({});
  options.argv[0] = "/none/such";
  options.hold = true;
  const Process process = MustStart(std::move(options));
  const absl::Status released = process->Release();
  EXPECT_EQ(released.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(released.message(), HasSubstr("/none/such"));
}

TEST(PidNamespaceTest, TheProgramHasANamespaceOrAReason) {
  LaunchOptions options;
  options.argv = {AssayFile("agent/launcher/test_program").value(), "report", "x"};
  const Process process = LaunchedProcess::Start(options).value();
  ASSERT_TRUE(process->WaitForEnd(Soon()).has_value());
  if (process->no_pid_namespace_reason().empty()) {
    EXPECT_THAT(process->StandardOutput(), HasSubstr("pid 2\n"));
  } else {
    EXPECT_THAT(process->no_pid_namespace_reason(), HasSubstr("unshare(CLONE_NEWPID)"));
  }
  options.pid_namespace = false;
  EXPECT_THAT(LaunchedProcess::Start(options).value()->no_pid_namespace_reason(),
              HasSubstr("none was requested"));
}

}  // namespace
}  // namespace assay::agent

#include "agent/testing/agent_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "agent/launcher/marked_processes.h"
#include "common/runfiles.h"
#include "grpcpp/create_channel.h"
#include "gtest/gtest.h"

namespace assay::agent {
namespace {

constexpr absl::Duration kTimeout = absl::Seconds(60);

struct Pipe {
  UniqueFd read_end;
  UniqueFd write_end;

  Pipe() {
    int ends[2] = {-1, -1};
    EXPECT_EQ(pipe2(ends, O_CLOEXEC), 0);
    read_end.reset(ends[0]);
    write_end.reset(ends[1]);
  }
};

pid_t Spawn(const std::vector<std::string>& flags, int input, int output, int errors) {
  ExportRunfiles();  // As `bazel run` and the controller do, so that the agent finds its files.
  const absl::StatusOr<std::string> program = AssayFile("agent/agent");
  EXPECT_TRUE(program.ok()) << program.status();
  std::vector<std::string> all = {*program};
  all.insert(all.end(), flags.begin(), flags.end());
  std::vector<char*> argv;
  for (std::string& argument : all) argv.push_back(argument.data());
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, errors, STDERR_FILENO);
  pid_t pid = -1;
  EXPECT_EQ(posix_spawn(&pid, program->c_str(), &actions, nullptr, argv.data(), environ), 0);
  posix_spawn_file_actions_destroy(&actions);
  return pid;
}

int StatusOf(int wait_status) {
  return WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : 128 + WTERMSIG(wait_status);
}

// Reads to the end of the first line, or to the end of file.
std::string ReadLine(int fd) {
  std::string line;
  const absl::Time deadline = absl::Now() + kTimeout;
  while (absl::Now() < deadline) {
    pollfd descriptor{.fd = fd, .events = POLLIN, .revents = 0};
    if (poll(&descriptor, 1, 1000) <= 0) continue;
    char byte = 0;
    if (read(fd, &byte, 1) != 1 || byte == '\n') break;
    line += byte;
  }
  return line;
}

std::string NewFolder() {
  std::string folder = testing::TempDir() + "/agent-XXXXXX";
  EXPECT_NE(mkdtemp(folder.data()), nullptr);
  return folder;
}

}  // namespace

AgentProcess::AgentProcess(const std::vector<std::string>& flags, const std::string& spool)
    : mark_(UniqueMark()),
      folder_(NewFolder()),
      spool_(spool.empty() ? folder_ + "/spool" : spool) {
  WriteCatalogue(folder_ + "/catalogue.textproto");
  std::vector<std::string> all = {"--listen=127.0.0.1:0",
                                  absl::StrCat("--catalogue=", folder_, "/catalogue.textproto"),
                                  absl::StrCat("--spool=", spool_)};
  all.insert(all.end(), flags.begin(), flags.end());
  Pipe input;
  Pipe output;
  pid_ = Spawn(all, input.read_end.get(), output.write_end.get(), STDERR_FILENO);
  input_ = std::move(input.write_end);
  output.write_end.reset();
  const std::string line = ReadLine(output.read_end.get());
  const std::string greeting = "listening on ";
  EXPECT_EQ(line.substr(0, greeting.size()), greeting);
  address_ = line.substr(std::min(greeting.size(), line.size()));
  stub_ = NewStub();
}

AgentProcess::~AgentProcess() {
  if (pid_ > 0) End(SIGKILL);
  const std::vector<pid_t> left = WaitUntilNoneHasMark(mark_);
  EXPECT_TRUE(left.empty()) << left.size() << " processes outlive their agent";
}

std::unique_ptr<Agent::Stub> AgentProcess::NewStub() const {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  return Agent::NewStub(
      grpc::CreateCustomChannel(address_, grpc::InsecureChannelCredentials(), arguments));
}

int AgentProcess::End(int signal) {
  kill(pid_, signal);
  return WaitForExit();
}

int AgentProcess::CloseInputAndWait() {
  input_.reset();
  return WaitForExit();
}

int AgentProcess::WaitForExit() {
  const absl::Time deadline = absl::Now() + kTimeout;
  int status = 0;
  while (waitpid(pid_, &status, WNOHANG) == 0) {
    if (absl::Now() > deadline) {
      ADD_FAILURE() << "the agent does not end";
      kill(pid_, SIGKILL);
    }
    absl::SleepFor(absl::Milliseconds(5));
  }
  pid_ = -1;
  return StatusOf(status);
}

void AgentProcess::WriteCatalogue(const std::string& path) const {
  const absl::StatusOr<std::string> target = AssayFile("agent/testing/test_target");
  const absl::StatusOr<std::string> epoll = AssayFile("server/server");
  ASSERT_TRUE(target.ok()) << target.status();
  ASSERT_TRUE(epoll.ok()) << epoll.status();
  std::ofstream out(path);
  for (const char* mode : {"good", "wrong", "crash_at_start", "crash_midrun", "crash_on_hup",
                           "never_ready", "deaf", "stubborn", "busy", "alone"}) {
    const bool alone = std::string(mode) == "alone";
    out << "targets { name: '" << mode << "' argv: '" << *target << "' argv: '"
        << (alone ? "good" : mode) << "' alone: " << (alone ? "true" : "false")
        << " argv: '{port}' argv: '" << mark_
        << "' contract: true ready_timeout_s: " << (std::string(mode) == "never_ready" ? 0.3 : 30.0)
        << " stop_timeout_s: 0.2 }\n";
  }
  out << "targets { name: 'not_installed' argv: '/nonexistent/server' contract: true"
         "  install: 'apt-get install nonexistent' }\n"
      << "targets { name: 'epoll' argv: '" << *epoll
      << "' argv: '--listen={host}:{port}' argv: '--cpu={cpus}' version_argv: '" << *epoll
      << "' version_argv: '--version' contract: true }\n";
}

AgentRun RunAgentProgram(const std::vector<std::string>& flags) {
  Pipe input;
  Pipe output;
  const pid_t pid =
      Spawn(flags, input.read_end.get(), output.write_end.get(), output.write_end.get());
  output.write_end.reset();
  AgentRun run;
  char buffer[4096];
  ssize_t got = 0;
  while ((got = read(output.read_end.get(), buffer, sizeof buffer)) > 0) {
    run.output.append(buffer, static_cast<size_t>(got));
  }
  int status = 0;
  waitpid(pid, &status, 0);
  run.status = StatusOf(status);
  return run;
}

}  // namespace assay::agent

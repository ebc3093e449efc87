#include "controller/campaign/local_agent.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "common/file.h"
#include "common/message_text.h"
#include "common/monotonic_clock.h"
#include "common/runfiles.h"
#include "common/status_macros.h"

extern char** environ;

namespace assay::controller {
namespace {

constexpr size_t kLastOutputBytes = 8 * 1024;
constexpr absl::Duration kEndTimeout = absl::Seconds(8);

struct Pipe {
  UniqueFd read_end;
  UniqueFd write_end;
};

absl::StatusOr<Pipe> OpenPipe() {
  int fds[2];
  if (pipe2(fds, O_CLOEXEC) != 0)
    return ErrnoStatus(errno, "cannot create a pipe for the local agent");
  return Pipe{UniqueFd(fds[0]), UniqueFd(fds[1])};
}

}  // namespace

absl::StatusOr<std::unique_ptr<LocalAgent>> LocalAgent::Start(const Options& options) {
  std::unique_ptr<LocalAgent> agent(new LocalAgent);
  ASSAY_RETURN_IF_ERROR(agent->Spawn(options));
  ASSAY_RETURN_IF_ERROR(agent->AwaitAddress(options));
  return agent;
}

absl::Status LocalAgent::Spawn(const Options& options) {
  ASSAY_ASSIGN_OR_RETURN(const std::string program, AssayFile("agent/agent"));
  std::string catalogue = options.catalogue;
  if (catalogue.empty()) {
    ASSAY_ASSIGN_OR_RETURN(catalogue, AssayFile("targets/catalogue.textproto"));
  }
  ASSAY_ASSIGN_OR_RETURN(Pipe input, OpenPipe());
  ASSAY_ASSIGN_OR_RETURN(Pipe output, OpenPipe());
  ASSAY_ASSIGN_OR_RETURN(Pipe errors, OpenPipe());

  const std::vector<std::string> arguments = {program, "--listen=127.0.0.1:0",
                                              absl::StrCat("--catalogue=", catalogue),
                                              "--exit-with-parent"};
  std::vector<char*> argv;
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);

  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, input.read_end.get(), STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, output.write_end.get(), STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, errors.write_end.get(), STDERR_FILENO);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none;
  sigemptyset(&none);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
  const int error =
      posix_spawn(&pid_, program.c_str(), &actions, &attributes, argv.data(), environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) {
    pid_ = -1;
    return ErrnoStatus(error, absl::StrCat("cannot start the local agent ", program));
  }
  lifeline_ = std::move(input.write_end);
  output_ = std::move(output.read_end);
  errors_ = std::move(errors.read_end);
  drain_ = std::thread([this] { DrainErrors(); });
  return absl::OkStatus();
}

absl::Status LocalAgent::AwaitAddress(const Options& options) {
  Clock& clock = Clock::Real();  // A real process starts in real time.
  const int64_t deadline_ns = clock.After(options.timeout);
  std::string text;
  std::array<char, 256> buffer;
  while (clock.NowNanos() < deadline_ns) {
    if (options.interruption != nullptr) {
      ASSAY_RETURN_IF_ERROR(options.interruption->status());
    }
    pollfd fd = {output_.get(), POLLIN, 0};
    if (poll(&fd, 1, 100) <= 0) continue;
    const ssize_t size = read(output_.get(), buffer.data(), buffer.size());
    if (size <= 0) {
      int ended = 0;
      waitpid(pid_, &ended, 0);
      pid_ = -1;
      drain_.join();  // Now last_output_ is complete.
      return FailedWithLastOutput(absl::StatusCode::kFailedPrecondition,
                                  "the local agent exited before it was ready.");
    }
    text.append(buffer.data(), static_cast<size_t>(size));
    const size_t line_end = text.find('\n');
    if (line_end == std::string::npos) continue;
    absl::string_view line = absl::string_view(text).substr(0, line_end);
    if (!absl::ConsumePrefix(&line, "listening on ")) {
      return absl::InternalError(
          absl::StrCat("the local agent printed '", line, "' instead of its address"));
    }
    address_ = std::string(line);
    return absl::OkStatus();
  }
  return FailedWithLastOutput(absl::StatusCode::kDeadlineExceeded,
                              "the local agent did not report its address in time.");
}

void LocalAgent::DrainErrors() {
  std::array<char, 4096> buffer;
  while (true) {
    const ssize_t size = read(errors_.get(), buffer.data(), buffer.size());
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) return;
    absl::MutexLock lock(&mutex_);
    last_output_.append(buffer.data(), static_cast<size_t>(size));
    if (last_output_.size() > kLastOutputBytes) {
      last_output_.erase(0, last_output_.size() - kLastOutputBytes);
    }
  }
}

absl::Status LocalAgent::FailedWithLastOutput(absl::StatusCode code, std::string_view what) const {
  std::vector<std::string> lines = {
      absl::StrCat(absl::string_view(what.data(), what.size()), " Its last output:")};
  absl::MutexLock lock(&mutex_);
  for (const absl::string_view line : absl::StrSplit(last_output_, '\n', absl::SkipEmpty())) {
    lines.emplace_back(line);
  }
  return StatusOfLines(code, lines);
}

LocalAgent::~LocalAgent() {
  if (pid_ > 0) {
    lifeline_.reset();
    kill(pid_, SIGTERM);
    Clock& clock = Clock::Real();
    const int64_t deadline_ns = clock.After(kEndTimeout);
    int ended = 0;
    while (waitpid(pid_, &ended, WNOHANG) == 0) {
      if (clock.NowNanos() > deadline_ns) {
        kill(pid_, SIGKILL);  // Its launchers detect this and end everything that they started.
        waitpid(pid_, &ended, 0);
        break;
      }
      clock.SleepFor(absl::Milliseconds(5));
    }
  }
  if (drain_.joinable()) drain_.join();
}

}  // namespace assay::controller

#include "agent/launcher/launched_process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "agent/launcher/launch_failure.h"
#include "agent/launcher/spawn.h"
#include "agent/launcher/strays.h"
#include "common/file.h"
#include "common/monotonic_clock.h"
#include "common/process_tree.h"
#include "common/runfiles.h"
#include "common/start_thread.h"
#include "common/status_macros.h"

namespace assay::agent {
namespace {

// Descriptors of launch itself; those to pass on follow.
constexpr int kControlFd = 3;
constexpr int kFirstPassedFd = 4;

// Generous limits: an overloaded machine is slow, and only a broken one reaches them.
constexpr absl::Duration kStartLimit = absl::Seconds(30);
constexpr absl::Duration kKillLimit = absl::Seconds(10);
constexpr absl::Duration kLaunchKillLimit = absl::Seconds(30);
constexpr absl::Duration kTreeLimit = absl::Seconds(10);

constexpr size_t kLastOutputBytes = 8 << 10;
// Large enough that a burst of output does not block the program while this process has no CPU time to drain it.
constexpr int kPipeBytes = 1 << 20;

// The read end is for this process, the write end for the program.
absl::Status MakePipe(UniqueFd* read_end, UniqueFd* write_end) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return ErrnoStatus(errno, "cannot make a pipe for output");
  read_end->reset(ends[0]);
  write_end->reset(ends[1]);
  if (fcntl(ends[0], F_SETFL, O_NONBLOCK) != 0) return ErrnoStatus(errno, "fcntl of a pipe");
  // May fail without harm: the pipes of one user share a limit.
  (void)fcntl(ends[0], F_SETPIPE_SZ, kPipeBytes);
  return absl::OkStatus();
}

int MillisecondsUntil(int64_t deadline_ns) {
  const int64_t left = deadline_ns - MonotonicNanos();
  return left <= 0 ? 0 : static_cast<int>((left + 999'999) / 1'000'000);
}

// Whether the process behind `pidfd` ends within `limit`.
bool EndsWithin(const UniqueFd& pidfd, absl::Duration limit) {
  const int64_t deadline = MonotonicNanos() + absl::ToInt64Nanoseconds(limit);
  while (true) {
    pollfd polled = {pidfd.get(), POLLIN, 0};
    const int ready = poll(&polled, 1, MillisecondsUntil(deadline));
    if (ready > 0) return true;
    if (ready == 0 || errno != EINTR) return false;
  }
}

std::string NoNamespaceReason(int error) {
  if (error == 0) return "";
  if (error < 0) return "none was requested";
  return absl::StrCat(
      "the system does not allow it: ", ErrnoStatus(error, "unshare(CLONE_NEWPID)").message(),
      "; it needs CAP_SYS_ADMIN");
}

std::string WithLastOutput(const std::string& message, const std::string& output) {
  return output.empty() ? message : absl::StrCat(message, "\n", output);
}

}  // namespace

std::string Ended::ToString() const {
  if (exit_status.has_value()) return absl::StrCat("exit ", *exit_status);
  if (lost || signal == 0)
    return "lost: the launch program ended before it reported the exit status";
  const char* name = sigabbrev_np(signal);
  return absl::StrCat("signal ", signal, name == nullptr ? "" : absl::StrCat(" (SIG", name, ")"));
}

absl::StatusOr<std::unique_ptr<LaunchedProcess>> LaunchedProcess::Start(LaunchOptions options) {
  ASSAY_RETURN_IF_ERROR(ValidateLaunchOptions(options));
  std::string launch = options.launch_program;
  if (launch.empty()) {
    ASSAY_ASSIGN_OR_RETURN(launch, AssayFile("agent/launch/launch"));
  }
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
    return ErrnoStatus(errno, "cannot make a socket pair");
  }
  UniqueFd control(ends[0]);
  UniqueFd control_of_launch(ends[1]);
  UniqueFd output_read, output_write, error_read, error_write;
  ASSAY_RETURN_IF_ERROR(MakePipe(&output_read, &output_write));
  ASSAY_RETURN_IF_ERROR(MakePipe(&error_read, &error_write));

  std::vector<std::pair<int, int>> descriptors = {{output_write.get(), STDOUT_FILENO},
                                                  {error_write.get(), STDERR_FILENO},
                                                  {control_of_launch.get(), kControlFd}};
  int number = kFirstPassedFd;
  for (const auto& [ours, theirs] : options.pass_fds) descriptors.emplace_back(ours, number++);
  ASSAY_ASSIGN_OR_RETURN(
      Spawned spawned,
      SpawnKnown(LaunchArgv(options, launch, kControlFd, kFirstPassedFd), descriptors));
  // Close our copies of the children's ends, so that this process sees the end of file.
  for (UniqueFd* end : {&control_of_launch, &output_write, &error_write}) end->reset();

  std::unique_ptr<LaunchedProcess> process(
      new LaunchedProcess(std::move(options), std::move(spawned), std::move(control),
                          std::move(output_read), std::move(error_read)));
  ASSAY_ASSIGN_OR_RETURN(process->watcher_,
                         StartThread([watched = process.get()] { watched->Watch(); }));
  ASSAY_RETURN_IF_ERROR(
      process->WaitToStart(process->options_.hold ? Phase::kHeld : Phase::kStarted));
  return process;
}

LaunchedProcess::LaunchedProcess(LaunchOptions options, Spawned launch, UniqueFd control,
                                 UniqueFd standard_output, UniqueFd standard_error)
    : options_(std::move(options)),
      launch_(std::move(launch)),
      control_(std::move(control)),
      standard_output_fd_(std::move(standard_output)),
      standard_error_fd_(std::move(standard_error)) {}

LaunchedProcess::~LaunchedProcess() {
  if (!watcher_.joinable()) {
    // No thread watches it. Kill the keeper; the guard then kills the whole tree.
    syscall(SYS_pidfd_send_signal, launch_.pidfd.get(), SIGKILL, nullptr, 0);
    waitpid(launch_.pid, nullptr, 0);
    return;
  }
  // Processes that could not be killed have been waited for long enough.
  (void)Stop(SIGKILL, absl::ZeroDuration());
  watcher_.join();
}

absl::Status LaunchedProcess::Release() {
  Send({.kind = LaunchCommand::kRelease});
  return WaitToStart(Phase::kStarted);
}

absl::Status LaunchedProcess::WaitToStart(Phase wanted) {
  absl::MutexLock lock(&mutex_);
  const auto settled = [this, wanted]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
    return phase_ >= wanted || ended_.has_value();
  };
  if (!mutex_.AwaitWithTimeout(absl::Condition(&settled), kStartLimit)) {
    return absl::DeadlineExceededError(absl::StrCat(
        "cannot start \"", options_.argv.front(), "\": the launch program did not report within ",
        absl::FormatDuration(kStartLimit),
        "; check for an overloaded machine or a file system that hangs"));
  }
  if (phase_ == Phase::kFailed) {
    return LaunchFailure(failure_, options_.argv.front(), options_.working_directory,
                         options_.cpus);
  }
  if (phase_ >= wanted) return absl::OkStatus();
  const std::string message = absl::StrCat("cannot start \"", options_.argv.front(),
                                           "\": it ended before exec (", ended_->ToString(), ")");
  return absl::InternalError(
      WithLastOutput(message, LastOutputOf(standard_error_, standard_output_, kLastOutputBytes)));
}

std::optional<Ended> LaunchedProcess::ended() const {
  absl::MutexLock lock(&mutex_);
  return ended_;
}

std::optional<Ended> LaunchedProcess::WaitForEnd(absl::Time deadline) const {
  absl::MutexLock lock(&mutex_);
  const auto has_ended = [this]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return ended_.has_value(); };
  mutex_.AwaitWithDeadline(absl::Condition(&has_ended), deadline);
  return ended_;
}

void LaunchedProcess::OnEnd(std::function<void(const Ended&)> callback) {
  {
    absl::MutexLock lock(&mutex_);
    if (!ended_.has_value()) {
      on_end_ = std::move(callback);
      return;
    }
  }
  callback(*ended());
}

absl::Status LaunchedProcess::Stop(int signal, absl::Duration grace) {
  if (signal != SIGKILL) {
    Send({.kind = LaunchCommand::kSignal, .signal = signal});
    (void)WaitForEnd(absl::Now() + grace);
  }
  if (!ended().has_value()) {
    Send({.kind = LaunchCommand::kSignal, .signal = SIGKILL});
    (void)WaitForEnd(absl::Now() + kKillLimit);
  }
  if (!ended().has_value()) {
    // The keeper does not react; it may have been stopped. Its end makes the guard kill the tree.
    syscall(SYS_pidfd_send_signal, launch_.pidfd.get(), SIGKILL, nullptr, 0);
    (void)WaitForEnd(absl::Now() + kLaunchKillLimit);
  }
  absl::MutexLock lock(&mutex_);
  if (ended_.has_value() && !left_behind_) return absl::OkStatus();
  return absl::DeadlineExceededError(
      absl::StrCat("\"", options_.argv.front(), "\" (pid ", pid_,
                   ") or a process that it started cannot be killed, because it hangs in the "
                   "kernel; find it with "
                   "`ps -o pid,stat,wchan`"));
}

std::string LaunchedProcess::LastOutput() const {
  absl::MutexLock lock(&mutex_);
  return LastOutputOf(standard_error_, standard_output_, kLastOutputBytes);
}

std::string LaunchedProcess::StandardOutput() const {
  absl::MutexLock lock(&mutex_);
  return standard_output_.Text();
}

std::string LaunchedProcess::StandardError() const {
  absl::MutexLock lock(&mutex_);
  return standard_error_.Text();
}

bool LaunchedProcess::WaitForOutput(std::string_view text, absl::Time deadline) const {
  absl::MutexLock lock(&mutex_);
  const auto settled = [this, text]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
    return ended_.has_value() || standard_output_.Contains(text);
  };
  mutex_.AwaitWithDeadline(absl::Condition(&settled), deadline);
  return standard_output_.Contains(text);
}

std::vector<pid_t> LaunchedProcess::Tree() const {
  std::vector<pid_t> pids;
  if (guard_pid_ == 0 || ended().has_value()) return pids;
  for (const ProcessStat& process : DescendantsOf(guard_pid_, AllProcesses())) {
    pids.push_back(process.pid);
  }
  return pids;
}

void LaunchedProcess::Send(const LaunchCommand& command) {
  // If sending fails, launch is gone, and the watching thread detects that.
  (void)send(control_.get(), &command, sizeof(command), MSG_NOSIGNAL | MSG_DONTWAIT);
}

void LaunchedProcess::Watch() {
  bool control_open = true;
  // launch ends only when the tree is gone.
  while (true) {
    pollfd polled[] = {{launch_.pidfd.get(), POLLIN, 0},
                       {control_open ? control_.get() : -1, POLLIN, 0},
                       {standard_output_fd_.get(), POLLIN, 0},
                       {standard_error_fd_.get(), POLLIN, 0}};
    if (poll(polled, 4, -1) < 0) continue;  // EINTR, or a temporary lack of memory.
    if (polled[1].revents != 0) control_open = TakeReport();
    if (polled[2].revents != 0) TakeOutput(&standard_output_fd_, &standard_output_);
    if (polled[3].revents != 0) TakeOutput(&standard_error_fd_, &standard_error_);
    if (polled[0].revents != 0) break;
  }
  while (control_open) control_open = TakeReport();
  WaitForKnown(launch_.pid);
  const bool tree_is_gone = TreeIsGone();
  DrainOutput();
  FinishEnd(tree_is_gone);
}

bool LaunchedProcess::TakeReport() {
  LaunchReport report;
  const ssize_t got = recv(control_.get(), &report, sizeof(report), MSG_DONTWAIT);
  if (got < 0 && errno == EINTR) return true;
  if (got != sizeof(report)) return false;
  absl::MutexLock lock(&mutex_);
  switch (report.kind) {
    case LaunchReport::kHeld:
      pid_ = report.pid;
      guard_pid_ = report.guard_pid;
      guard_pidfd_.reset(static_cast<int>(syscall(SYS_pidfd_open, guard_pid_, 0)));
      no_pid_namespace_reason_ = NoNamespaceReason(report.namespace_error);
      phase_ = Phase::kHeld;
      break;
    case LaunchReport::kStarted:
      phase_ = Phase::kStarted;
      break;
    case LaunchReport::kFailed:
      failure_ = report;
      phase_ = Phase::kFailed;
      break;
    case LaunchReport::kEnded:
      end_reported_ = true;
      end_was_clean_ = report.error == 0;
      if (report.wait_status >= 0) wait_status_ = report.wait_status;
      break;
  }
  return true;
}

bool LaunchedProcess::TakeOutput(UniqueFd* fd, BoundedOutput* output) {
  char block[1 << 14];
  const ssize_t got = read(fd->get(), block, sizeof(block));
  if (got < 0 && errno == EAGAIN) return false;
  if (got < 0 && errno == EINTR) return true;
  if (got <= 0) {
    fd->reset();
    return false;
  }
  absl::MutexLock lock(&mutex_);
  output->Append(std::string_view(block, static_cast<size_t>(got)));
  return true;
}

bool LaunchedProcess::TreeIsGone() {
  if (end_reported_) return end_was_clean_;
  // launch was killed. The guard kills the tree by itself and then ends, unless it was killed as well.
  const bool strays_are_gone = KillStrays(kTreeLimit);
  const bool gone = guard_pidfd_.ok() ? EndsWithin(guard_pidfd_, kTreeLimit) : OutputCloses();
  return gone && strays_are_gone;
}

// For a launch program that was killed before it reported the guard: then only the writers of the output are known of
// the tree.
bool LaunchedProcess::OutputCloses() {
  const int64_t deadline = MonotonicNanos() + absl::ToInt64Nanoseconds(kTreeLimit);
  while (standard_output_fd_.ok() || standard_error_fd_.ok()) {
    pollfd polled[] = {{standard_output_fd_.get(), POLLIN, 0},
                       {standard_error_fd_.get(), POLLIN, 0}};
    if (poll(polled, 2, MillisecondsUntil(deadline)) == 0) return false;
    if (polled[0].revents != 0) TakeOutput(&standard_output_fd_, &standard_output_);
    if (polled[1].revents != 0) TakeOutput(&standard_error_fd_, &standard_error_);
  }
  return true;
}

void LaunchedProcess::DrainOutput() {
  const auto drain = [this](UniqueFd* fd, BoundedOutput* output) {
    // Read at most the size of the pipe, because a process may write forever.
    const uint64_t enough = output->total_bytes() + 2 * kPipeBytes;
    while (fd->ok() && output->total_bytes() < enough && TakeOutput(fd, output)) {
    }
  };
  drain(&standard_output_fd_, &standard_output_);
  drain(&standard_error_fd_, &standard_error_);
}

void LaunchedProcess::FinishEnd(bool tree_is_gone) {
  Ended ended;
  if (!wait_status_.has_value()) {
    ended.lost = true;
  } else if (WIFEXITED(*wait_status_)) {
    ended.exit_status = WEXITSTATUS(*wait_status_);
  } else {
    ended.signal = WTERMSIG(*wait_status_);
  }
  std::function<void(const Ended&)> on_end;
  {
    absl::MutexLock lock(&mutex_);
    left_behind_ = !tree_is_gone;
    ended_ = ended;
    on_end = std::move(on_end_);
  }
  if (on_end != nullptr) on_end(ended);
}

}  // namespace assay::agent

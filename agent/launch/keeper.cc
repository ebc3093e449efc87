#include "agent/launch/keeper.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <iostream>
#include <optional>
#include <utility>

#include "absl/time/time.h"
#include "agent/launch/children.h"
#include "agent/launch/descriptors.h"
#include "agent/launch/guard.h"
#include "agent/launch/launch_protocol.h"
#include "agent/launch/program.h"
#include "common/unique_fd.h"
#include "common/utf8.h"

namespace assay::agent {
namespace {

constexpr int kDidNotStart = 127;
constexpr int kSignalled = 128;
constexpr absl::Duration kKillLimit = absl::Seconds(20);

// A socket pair; both ends are closed by exec.
bool MakePair(UniqueFd* ours, UniqueFd* theirs) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) return false;
  ours->reset(ends[0]);
  theirs->reset(ends[1]);
  return true;
}

// Receives one report, and the sender's pid as this process sees it. Nullopt if the other side is gone.
std::optional<LaunchReport> ReceiveReport(const UniqueFd& socket, pid_t* sender) {
  LaunchReport report;
  iovec data = {&report, sizeof(report)};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(ucred))];
  msghdr message = {
      .msg_iov = &data, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)};
  ssize_t got;
  do {
    got = recvmsg(socket.get(), &message, 0);
  } while (got < 0 && errno == EINTR);
  if (got != sizeof(report)) return std::nullopt;
  for (cmsghdr* part = CMSG_FIRSTHDR(&message); part != nullptr;
       part = CMSG_NXTHDR(&message, part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_CREDENTIALS) continue;
    ucred credentials;
    memcpy(&credentials, CMSG_DATA(part), sizeof(credentials));
    *sender = credentials.pid;
  }
  return report;
}

class Keeper {
 public:
  explicit Keeper(const LaunchRequest& request) : request_(request) {}

  int Run() {
    sigset_t child;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    sigprocmask(SIG_BLOCK, &child, nullptr);
    if (const int error = Program::Find(request_, &program_); error != 0) {
      return DidNotStart(LaunchStep::kFindProgram, error);
    }
    if (!StartGuard()) return DidNotStart(LaunchStep::kFork, errno);
    while (KeepOn()) {
    }
    // The guard has ended or must end now; its namespace ends with it.
    kill(guard_, SIGKILL);
    const bool gone = KillChildrenUntilNone(kKillLimit);
    Send({.kind = LaunchReport::kEnded,
          .error = gone ? 0 : EBUSY,
          .wait_status = wait_status_.value_or(-1)});
    return ExitStatus();
  }

 private:
  bool StartGuard() {
    UniqueFd guard_end;
    UniqueFd program_end;
    const int on = 1;
    if (!MakePair(&guard_socket_, &guard_end) || !MakePair(&program_socket_, &program_end) ||
        setsockopt(program_socket_.get(), SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) != 0) {
      return false;
    }
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    if (request_.pid_namespace) {
      // Applies to the children of this process, the first of which is the guard.
      namespace_error_ = unshare(CLONE_NEWPID) == 0 ? 0 : errno;
    }
    guard_ = fork();
    if (guard_ == 0) {
      guard_socket_.reset();
      program_socket_.reset();
      if (request_.control_fd >= 0) close(request_.control_fd);
      RunGuard(request_, program_, namespace_error_ == 0, std::move(guard_end),
               std::move(program_end));
    }
    const int fork_error = errno;
    for (const auto& [ours, theirs] : request_.pass_fds) close(ours);
    errno = fork_error;
    return guard_ > 0;
  }

  // Waits for one event and processes it. Returns false when the tree must be killed.
  bool KeepOn() {
    pollfd polled[] = {{request_.control_fd, POLLIN, 0},
                       {guard_socket_.get(), POLLIN, 0},
                       {program_socket_.get(), POLLIN, 0}};
    if (poll(polled, 3, -1) < 0) return errno == EINTR;
    // Reports of the program come before the report of its end.
    if (polled[2].revents != 0) TakeProgramReport();
    if (polled[1].revents != 0) return TakeGuardReport();
    return polled[0].revents == 0 || TakeCommand();
  }

  void TakeProgramReport() {
    pid_t sender = 0;
    const std::optional<LaunchReport> report = ReceiveReport(program_socket_, &sender);
    if (!report.has_value()) {
      // exec has closed the socket, or the program has died before exec; the guard reports the latter.
      if (released_ && !failed_) Send({.kind = LaunchReport::kStarted});
      program_socket_.reset();
      return;
    }
    if (report->kind == LaunchReport::kHeld) {
      Send({.kind = LaunchReport::kHeld,
            .pid = sender,
            .guard_pid = guard_,
            .namespace_error = namespace_error_});
      if (!request_.hold) Release();
    } else if (report->kind == LaunchReport::kFailed) {
      SendFailure(*report);
    }
  }

  bool TakeGuardReport() {
    pid_t sender = 0;
    const std::optional<LaunchReport> report = ReceiveReport(guard_socket_, &sender);
    if (!report.has_value()) return false;
    if (report->kind == LaunchReport::kFailed) SendFailure(*report);
    if (report->kind == LaunchReport::kEnded) wait_status_ = report->wait_status;
    return true;
  }

  // Processes one command from the process that started launch. Returns false if that process is gone.
  bool TakeCommand() {
    LaunchCommand command;
    const ssize_t got = recv(request_.control_fd, &command, sizeof(command), MSG_DONTWAIT);
    if (got < 0) return errno == EINTR || errno == EAGAIN;
    if (got != sizeof(command)) return false;
    if (command.kind == LaunchCommand::kRelease) Release();
    if (command.kind == LaunchCommand::kSignal) {
      (void)send(guard_socket_.get(), &command, sizeof(command), MSG_NOSIGNAL);
    }
    return true;
  }

  void Release() {
    if (std::exchange(released_, true)) return;
    const LaunchCommand release = {.kind = LaunchCommand::kRelease};
    (void)send(program_socket_.get(), &release, sizeof(release), MSG_NOSIGNAL);
  }

  void Send(const LaunchReport& report) {
    if (request_.control_fd < 0) return;
    // If sending fails, the receiver is gone, and the next poll() reports that.
    (void)send(request_.control_fd, &report, sizeof(report), MSG_NOSIGNAL);
  }

  void SendFailure(const LaunchReport& report) {
    failed_ = true;
    Send(report);
    if (request_.control_fd >= 0) return;
    std::cerr << "launch: cannot start " << TerminalText(request_.argv.front()) << ": "
              << strerror(report.error) << "\n";
  }

  int DidNotStart(LaunchStep step, int error) {
    SendFailure({.kind = LaunchReport::kFailed, .step = step, .error = error});
    Send({.kind = LaunchReport::kEnded, .wait_status = -1});
    return kDidNotStart;
  }

  int ExitStatus() const {
    if (!wait_status_.has_value()) return kSignalled + SIGKILL;
    return WIFEXITED(*wait_status_) ? WEXITSTATUS(*wait_status_)
                                    : kSignalled + WTERMSIG(*wait_status_);
  }

  const LaunchRequest& request_;
  Program program_;
  pid_t guard_ = -1;
  // -1: none requested.
  int namespace_error_ = -1;
  UniqueFd guard_socket_;
  UniqueFd program_socket_;
  bool released_ = false;
  bool failed_ = false;
  std::optional<int> wait_status_;
};

}  // namespace

int RunKeeper(const LaunchRequest& request) {
  std::vector<int> kept = {request.control_fd};
  for (const auto& [ours, theirs] : request.pass_fds) kept.push_back(ours);
  CloseAllBut(std::move(kept));
  return Keeper(request).Run();
}

}  // namespace assay::agent

#include "agent/launch/guard.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <optional>

#include "agent/launch/children.h"
#include "agent/launch/launch_protocol.h"

namespace assay::agent {
namespace {

constexpr absl::Duration kKillLimit = absl::Seconds(20);

// Mounts a /proc in which /proc/PID matches the program's getpid(). If this is not allowed, the program sees the host's
// /proc, which works for /proc/self.
void MountOwnProc() {
  if (unshare(CLONE_NEWNS) != 0) return;
  // Later mounts of the host are visible here; mounts made here are never visible in the host.
  if (mount(nullptr, "/", nullptr, MS_SLAVE | MS_REC, nullptr) != 0) return;
  mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr);
}

UniqueFd SigchldDescriptor() {
  sigset_t child;
  sigemptyset(&child);
  sigaddset(&child, SIGCHLD);
  sigprocmask(SIG_BLOCK, &child, nullptr);
  return UniqueFd(signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK));
}

// Waits for all children that have ended. Returns the program's status if it is one of them.
std::optional<int> Reap(pid_t program) {
  std::optional<int> program_status;
  while (true) {
    int status;
    const pid_t ended = waitpid(-1, &status, WNOHANG);
    if (ended < 0 && errno == EINTR) continue;
    if (ended <= 0) return program_status;
    if (ended == program) program_status = status;
  }
}

// Processes one command. Returns false if the keeper is gone.
bool TakeCommand(const UniqueFd& keeper, pid_t program) {
  LaunchCommand command;
  const ssize_t got = recv(keeper.get(), &command, sizeof(command), MSG_DONTWAIT);
  if (got < 0) return errno == EINTR || errno == EAGAIN;
  if (got != sizeof(command)) return false;
  // The program has not been waited for, so its pid cannot have been reused.
  if (command.kind == LaunchCommand::kSignal) kill(program, command.signal);
  return true;
}

// Returns the program's status when it has ended, or nullopt when the keeper is gone.
std::optional<int> Guard(pid_t program, const UniqueFd& keeper, const UniqueFd& sigchld) {
  while (true) {
    pollfd polled[] = {{keeper.get(), POLLIN, 0}, {sigchld.get(), POLLIN, 0}};
    if (poll(polled, 2, -1) < 0 && errno != EINTR) return std::nullopt;
    if (polled[1].revents != 0) {
      signalfd_siginfo info;
      while (read(sigchld.get(), &info, sizeof(info)) > 0) {
      }
      const std::optional<int> status = Reap(program);
      if (status.has_value()) return status;
    }
    if (polled[0].revents != 0 && !TakeCommand(keeper, program)) return std::nullopt;
  }
}

}  // namespace

void RunGuard(const LaunchRequest& request, const Program& program, bool own_namespace,
              UniqueFd keeper, UniqueFd program_keeper) {
  setsid();
  // A different process name, so that `killall launch` does not kill the guard, which then cleans up.
  prctl(PR_SET_NAME, "assay-guard");
  // The guard detects the keeper's death by the end of the socket. The signal also reaches a stopped guard. With a
  // namespace, the guard's death kills the tree at once. Without one, the guard must live on to kill the tree.
  prctl(PR_SET_PDEATHSIG, own_namespace ? SIGKILL : SIGCONT);
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  if (own_namespace) MountOwnProc();
  const UniqueFd sigchld = SigchldDescriptor();

  const pid_t self = getpid();
  const pid_t child = sigchld.ok() ? fork() : -1;
  if (child == 0) {
    keeper.reset();
    program.Become(request, self, std::move(program_keeper));
  }
  if (child < 0) {
    const LaunchReport report = {
        .kind = LaunchReport::kFailed, .step = LaunchStep::kFork, .error = errno};
    send(keeper.get(), &report, sizeof(report), MSG_NOSIGNAL);
    _exit(1);
  }
  // From here on only the program holds them, so that the reader sees it when the program closes them.
  program_keeper.reset();
  for (const auto& [ours, theirs] : request.pass_fds) close(ours);

  const std::optional<int> status = Guard(child, keeper, sigchld);
  if (status.has_value()) {
    const LaunchReport report = {.kind = LaunchReport::kEnded, .wait_status = *status};
    send(keeper.get(), &report, sizeof(report), MSG_NOSIGNAL);
  }
  // The kernel kills a namespace together with its first process, and this process ends only when all others have
  // ended.
  if (!own_namespace) KillChildrenUntilNone(kKillLimit);
  _exit(0);
}

}  // namespace assay::agent

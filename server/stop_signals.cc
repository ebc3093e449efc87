#include "server/stop_signals.h"

#include <signal.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "common/file.h"

namespace assay::server {
namespace {

// State of the signal handlers. Written before the handlers are installed.
int stop_asked = -1;
timer_t time_is_up;
itimerspec limit_of_stop = {};
volatile sig_atomic_t asked_before = 0;

void OnStop(int) {
  const int error = errno;
  if (asked_before == 0) {
    asked_before = 1;
    timer_settime(time_is_up, 0, &limit_of_stop, nullptr);
  }
  const uint64_t one = 1;
  (void)!write(stop_asked, &one, sizeof(one));
  errno = error;
}

void OnTimeUp(int) {
  constexpr std::string_view kMessage =
      "server: stopped before all requests had a response: --stop-timeout has passed\n";
  (void)!write(STDERR_FILENO, kMessage.data(), kMessage.size());
  _exit(EXIT_SUCCESS);
}

absl::Status Handle(int signal, void (*handler)(int)) {
  struct sigaction action = {};
  action.sa_handler = handler;
  action.sa_flags = SA_RESTART;
  if (sigaction(signal, &action, nullptr) == 0) return absl::OkStatus();
  return ErrnoStatus(errno, "cannot handle signals");
}

}  // namespace

absl::StatusOr<UniqueFd> WatchStopSignals(absl::Duration limit) {
  UniqueFd asked(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!asked.ok()) return ErrnoStatus(errno, "cannot make a descriptor for signals");
  stop_asked = asked.get();
  limit_of_stop.it_value = absl::ToTimespec(limit);
  sigevent alarm = {};
  alarm.sigev_notify = SIGEV_SIGNAL;
  alarm.sigev_signo = SIGALRM;
  if (timer_create(CLOCK_MONOTONIC, &alarm, &time_is_up) != 0) {
    return ErrnoStatus(errno, "cannot make a timer");
  }
  // The parent process may have blocked them.
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT, SIGALRM}) sigaddset(&signals, signal);
  for (const auto& [signal, handler] :
       {std::pair{SIGALRM, &OnTimeUp}, {SIGTERM, &OnStop}, {SIGINT, &OnStop}}) {
    if (absl::Status status = Handle(signal, handler); !status.ok()) return status;
  }
  sigprocmask(SIG_UNBLOCK, &signals, nullptr);
  return asked;
}

}  // namespace assay::server

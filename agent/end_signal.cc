#include "agent/end_signal.h"

#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/types.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "common/file.h"

namespace assay::agent {

absl::StatusOr<EndSignal> EndSignal::Create(bool with_standard_input) {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, signal);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  UniqueFd fd(signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!fd.ok()) return ErrnoStatus(errno, "cannot wait for signals");
  return EndSignal(std::move(fd), with_standard_input);
}

std::string EndSignal::Wait() {
  pollfd descriptors[] = {
      {.fd = signals_.get(), .events = POLLIN, .revents = 0},
      {.fd = with_standard_input_ ? STDIN_FILENO : -1, .events = POLLIN, .revents = 0},
  };
  while (true) {
    if (poll(descriptors, 2, -1) < 0) continue;  // EINTR.
    signalfd_siginfo info{};
    if (read(signals_.get(), &info, sizeof info) == sizeof info) {
      return strsignal(static_cast<int>(info.ssi_signo));
    }
    char ignored[256];
    if (descriptors[1].revents != 0 && read(STDIN_FILENO, ignored, sizeof ignored) <= 0) {
      return "standard input ended";
    }
  }
}

}  // namespace assay::agent

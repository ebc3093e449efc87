#include "agent/loadgen/stop_signals.h"

#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <utility>

#include "common/file.h"

namespace assay::loadgen {

absl::StatusOr<StopSignals> StopSignals::Catch() {
  sigset_t stopping;
  sigemptyset(&stopping);
  sigaddset(&stopping, SIGINT);
  sigaddset(&stopping, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &stopping, nullptr);
  UniqueFd fd(signalfd(-1, &stopping, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!fd.ok()) return ErrnoStatus(errno, "signalfd");
  return StopSignals(std::move(fd));
}

bool StopSignals::Take() {
  signalfd_siginfo info;
  return read(fd_.get(), &info, sizeof(info)) == sizeof(info);
}

}  // namespace assay::loadgen

#include "controller/campaign/interruption.h"

#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cassert>
#include <utility>

#include "absl/strings/str_cat.h"

namespace assay::controller {

void Interruption::Request(absl::Status why) {
  assert(!why.ok());
  absl::MutexLock lock(&mutex_);
  if (!why_.ok()) return;
  why_ = std::move(why);
  for (const auto& [key, wake] : wakes_) wake(why_);
}

absl::Status Interruption::status() const {
  absl::MutexLock lock(&mutex_);
  return why_;
}

bool Interruption::Sleep(absl::Duration length) {
  absl::MutexLock lock(&mutex_);
  const auto requested = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return !why_.ok(); };
  return !clock_.AwaitFor(mutex_, absl::Condition(&requested), length);
}

std::unique_ptr<Interruption::Guard> Interruption::WhenRequested(
    std::function<void(const absl::Status&)> wake) {
  absl::MutexLock lock(&mutex_);
  if (!why_.ok()) wake(why_);
  const int key = next_++;
  wakes_.emplace(key, std::move(wake));
  return std::make_unique<Guard>(*this, key);
}

Interruption::Guard::~Guard() {
  absl::MutexLock lock(&interruption_.mutex_);
  interruption_.wakes_.erase(key_);
}

SignalWatch::SignalWatch(Interruption& interruption) : interruption_(interruption) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  stop_fd_ = eventfd(0, EFD_CLOEXEC);
  thread_ = std::thread([this] { Run(); });
}

SignalWatch::~SignalWatch() {
  eventfd_write(stop_fd_, 1);
  thread_.join();
  close(stop_fd_);
}

void SignalWatch::Run() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  const int signal_fd = signalfd(-1, &signals, SFD_CLOEXEC);
  pollfd fds[] = {{signal_fd, POLLIN, 0}, {stop_fd_, POLLIN, 0}};
  bool requested = false;
  while (poll(fds, 2, -1) >= 0 || errno == EINTR) {
    if (fds[1].revents != 0) break;
    signalfd_siginfo info;
    if (fds[0].revents == 0 || read(signal_fd, &info, sizeof info) != sizeof info) continue;
    if (requested) _exit(1);
    requested = true;
    interruption_.Request(absl::AbortedError(
        absl::StrCat("interrupted by ", info.ssi_signo == SIGINT ? "SIGINT" : "SIGTERM")));
  }
  close(signal_fd);
}

}  // namespace assay::controller

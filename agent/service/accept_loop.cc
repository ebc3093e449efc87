#include "agent/service/accept_loop.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <optional>
#include <utility>

#include "common/file.h"
#include "common/monotonic_clock.h"
#include "common/start_thread.h"
#include "common/status_macros.h"

namespace assay::agent {
namespace {

// Pause before the next attempt after the system lacked resources to accept a connection.
constexpr int kPauseMs = 100;

UniqueFd OpenReserve() { return UniqueFd(open("/dev/null", O_RDONLY | O_CLOEXEC)); }

}  // namespace

absl::StatusOr<std::unique_ptr<AcceptLoop>> AcceptLoop::Start(UniqueFd listener,
                                                              Connections& connections, Take take) {
  UniqueFd wake(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  UniqueFd reserve = OpenReserve();
  if (!wake.ok() || !reserve.ok()) {
    return ErrnoStatus(errno, "cannot create the descriptors for accepting connections");
  }
  std::unique_ptr<AcceptLoop> loop(new AcceptLoop(
      std::move(listener), std::move(wake), std::move(reserve), connections, std::move(take)));
  ASSAY_ASSIGN_OR_RETURN(loop->thread_, StartThread([raw = loop.get()] { raw->Run(); }));
  return loop;
}

AcceptLoop::AcceptLoop(UniqueFd listener, UniqueFd wake, UniqueFd reserve, Connections& connections,
                       Take take)
    : listener_(std::move(listener)),
      wake_(std::move(wake)),
      reserve_(std::move(reserve)),
      connections_(connections),
      take_(std::move(take)) {}

AcceptLoop::~AcceptLoop() {
  if (!thread_.joinable()) return;
  const uint64_t one = 1;
  // The write fails only if the counter is at its limit, and then it is readable anyway.
  [[maybe_unused]] const ssize_t written = write(wake_.get(), &one, sizeof one);
  thread_.join();
}

void AcceptLoop::Run() {
  bool pause = false;
  while (true) {
    int64_t wait_ms = pause ? kPauseMs : -1;
    const int64_t now_ns = Clock::Real().NowNanos();
    const std::optional<int64_t> due_ns = connections_.EndSilent(now_ns);
    if (due_ns.has_value()) {
      const int64_t due_ms = (*due_ns - now_ns) / 1'000'000 + 1;
      wait_ms = wait_ms < 0 ? due_ms : std::min(wait_ms, due_ms);
    }
    pollfd descriptors[] = {{.fd = wake_.get(), .events = POLLIN, .revents = 0},
                            {.fd = pause ? -1 : listener_.get(), .events = POLLIN, .revents = 0}};
    if (poll(descriptors, 2, static_cast<int>(std::min<int64_t>(wait_ms, INT32_MAX))) < 0) continue;
    if (descriptors[0].revents != 0) return;
    pause = (pause || descriptors[1].revents != 0) && !AcceptAll();
  }
}

bool AcceptLoop::AcceptAll() {
  if (!reserve_.ok()) reserve_ = OpenReserve();
  while (true) {
    UniqueFd connection(accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (connection.ok()) {
      if (connections_.Admit(connection.get(), Clock::Real().NowNanos()))
        take_(std::move(connection));
      continue;
    }
    switch (errno) {
      case EAGAIN:
        return true;
      case EMFILE:
      case ENFILE:
        connections_.MakeRoom();
        switch (AcceptWithReserve()) {
          case WithReserve::kAccepted:
            break;
          case WithReserve::kNoneWaits:
            return true;
          case WithReserve::kFailed:
            return false;
        }
        break;
      case ENOBUFS:
      case ENOMEM:
      // These are programming errors; the pause keeps the loop from spinning.
      case EBADF:
      case EINVAL:
      case ENOTSOCK:
      case EOPNOTSUPP:
        return false;
      default:
        // An error of the pending connection, which is gone (ECONNABORTED, EPROTO, ENETDOWN and others).
        break;
    }
  }
}

AcceptLoop::WithReserve AcceptLoop::AcceptWithReserve() {
  reserve_.reset();
  UniqueFd connection(accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
  const bool none_waits = !connection.ok() && errno == EAGAIN;
  const bool accepted = connection.ok();
  reserve_ = OpenReserve();
  if (accepted && reserve_.ok()) {
    // A descriptor has become free in the meantime.
    if (connections_.Admit(connection.get(), Clock::Real().NowNanos()))
      take_(std::move(connection));
    return WithReserve::kAccepted;
  }
  connection.reset();
  if (!reserve_.ok()) reserve_ = OpenReserve();
  if (!reserve_.ok()) return WithReserve::kFailed;
  if (none_waits) return WithReserve::kNoneWaits;
  return accepted ? WithReserve::kAccepted : WithReserve::kFailed;
}

}  // namespace assay::agent

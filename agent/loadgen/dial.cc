#include "agent/loadgen/dial.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <utility>

namespace assay::loadgen {

Dialled Dial(const TargetAddress& target) {
  Dialled dialled;
  const auto* address = reinterpret_cast<const sockaddr*>(&target.place.address);
  dialled.fd = UniqueFd(socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!dialled.fd.ok()) {
    dialled.outcome = OutcomeOfErrno(errno);
    return dialled;
  }
  if (address->sa_family != AF_UNIX) {
    const int on = 1;
    setsockopt(dialled.fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  }
  int result;
  do {
    result = connect(dialled.fd.get(), address, target.place.length);
  } while (result != 0 && errno == EINTR);
  if (result != 0 && errno != EINPROGRESS) {
    // EAGAIN is a unix socket's way to say that its listen queue is full.
    dialled.outcome = errno == EAGAIN ? Outcome::kConnectTimeout : OutcomeOfErrno(errno);
    dialled.fd.reset();
  }
  return dialled;
}

Outcome DialOutcome(int fd) {
  int error = 0;
  socklen_t length = sizeof(error);
  if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) != 0) error = errno;
  return error == 0 ? Outcome::kOk : OutcomeOfErrno(error);
}

TargetAddress FirstThatAccepts(const TargetAddress& target, int64_t timeout_ns) {
  TargetAddress tried = target;
  tried.others.clear();
  for (size_t next = 0; !target.others.empty(); ++next) {
    const Dialled dialled = Dial(tried);
    if (dialled.fd.ok()) {
      pollfd decided{dialled.fd.get(), POLLOUT, 0};
      if (poll(&decided, 1, static_cast<int>(timeout_ns / 1'000'000)) == 1 &&
          DialOutcome(dialled.fd.get()) == Outcome::kOk) {
        return tried;
      }
    }
    if (next == target.others.size()) break;
    tried.place = target.others[next];
  }
  return target;
}

void CloseWithReset(UniqueFd fd) {
  const linger reset{1, 0};
  setsockopt(fd.get(), SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
}

}  // namespace assay::loadgen

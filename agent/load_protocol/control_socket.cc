#include "agent/load_protocol/control_socket.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "common/file.h"
#include "google/protobuf/message.h"
#include "proto/text/valid_text.h"

namespace assay::loadgen {
namespace {

// For the seconds of a window that wait to be read; less only makes the load generator wait for the agent, after it.
constexpr int kSocketBytes = 1 << 20;
constexpr char kLast = 0;
constexpr char kMore = 1;

absl::Status SendPacket(int fd, char mark, std::string_view bytes, absl::Duration timeout) {
  iovec parts[] = {{&mark, 1}, {const_cast<char*>(bytes.data()), bytes.size()}};
  msghdr packet{};
  packet.msg_iov = parts;
  packet.msg_iovlen = 2;
  for (;;) {
    if (sendmsg(fd, &packet, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0) return absl::OkStatus();
    if (errno == EINTR) continue;
    if (errno != EAGAIN) {
      return absl::UnavailableError(absl::StrCat("cannot send on the control socket: ",
                                                 ErrnoStatus(errno, "send").message()));
    }
    pollfd writable{fd, POLLOUT, 0};
    if (poll(&writable, 1, static_cast<int>(absl::ToInt64Milliseconds(timeout))) == 0) {
      return absl::UnavailableError(
          "cannot send on the control socket: the other side does not read");
    }
  }
}

}  // namespace

absl::StatusOr<ControlSocket> ControlSocket::Create(UniqueFd& theirs) {
  int ends[2] = {-1, -1};
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
    return ErrnoStatus(errno, "cannot make the load generator's control socket");
  }
  UniqueFd ours(ends[0]);
  theirs.reset(ends[1]);
  // As far as the system allows.
  for (const int fd : ends) {
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &kSocketBytes, sizeof kSocketBytes);
  }
  return ControlSocket(std::move(ours));
}

absl::StatusOr<ControlSocket> ControlSocket::Adopt(int fd) {
  UniqueFd end(fd);
  int type = 0;
  socklen_t length = sizeof(type);
  if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &length) != 0) {
    return ErrnoStatus(errno, absl::StrCat("descriptor ", fd));
  }
  if (type != SOCK_SEQPACKET) {
    return absl::InvalidArgumentError(
        absl::StrCat("descriptor ", fd, " is not a SOCK_SEQPACKET socket"));
  }
  return ControlSocket(std::move(end));
}

absl::Status ControlSocket::Send(const google::protobuf::Message& message, absl::Duration timeout) {
  const std::string bytes = SerializeValidText(message);
  if (bytes.size() > kMaxMessageBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("a message of ", bytes.size(), " bytes is too large for the control socket"));
  }
  std::string_view left = bytes;
  do {
    const std::string_view packet = left.substr(0, kPacketBytes - 1);
    left.remove_prefix(packet.size());
    const absl::Status sent = SendPacket(fd_.get(), left.empty() ? kLast : kMore, packet, timeout);
    if (!sent.ok()) return sent;
  } while (!left.empty());
  return absl::OkStatus();
}

absl::StatusOr<bool> ControlSocket::Receive(google::protobuf::Message& message) {
  for (;;) {
    std::array<char, kPacketBytes> packet;
    const ssize_t got = recv(fd_.get(), packet.data(), packet.size(), MSG_DONTWAIT | MSG_TRUNC);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN) return false;
    if (got <= 0) return absl::UnavailableError("the other end of the control socket is closed");
    const auto size = static_cast<size_t>(got);
    if (size > packet.size() || incoming_.size() + size > kMaxMessageBytes) {
      return absl::DataLossError("a message on the control socket is too large");
    }
    incoming_.append(packet.data() + 1, size - 1);
    if (packet[0] == kMore) continue;
    if (!ParseMendingText(std::exchange(incoming_, {}), &message)) {
      return absl::DataLossError("a message on the control socket cannot be read");
    }
    return true;
  }
}

}  // namespace assay::loadgen
